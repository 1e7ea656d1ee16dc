#include "cli/migrate_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/command_set.h"
#include "cli/migrate.h"
#include "cli/migrate_cluster.h"
#include "cli/session.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

struct MigrateFlags : ClusterFlags {
  std::string path;
  std::vector<std::string> extensions = {".yaml", ".yml"};
  bool dry_run = false;
};

constexpr std::uintmax_t kMaxFile = 16U << 20;

bool Wanted(const fs::path& path, const std::vector<std::string>& extensions) {
  return std::find(extensions.begin(), extensions.end(), path.extension().string()) != extensions.end();
}

/// Files below `path` in order; what lies in directories that begin with a dot (.git) is left out, and links are not followed.
std::vector<fs::path> FilesBelow(const fs::path& path, const MigrateFlags& flags, std::error_code& error) {
  std::vector<fs::path> out;
  if (fs::is_regular_file(path, error)) return {path};
  for (auto it = fs::recursive_directory_iterator(path, error); !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const bool hidden = it->path().filename().string().starts_with(".");
    if (it->is_directory() && hidden) it.disable_recursion_pending();
    if (it->is_symlink() || !it->is_regular_file()) continue;
    if (Wanted(it->path(), flags.extensions) && it->file_size() <= kMaxFile) out.push_back(it->path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

/// What differs, as lines with their numbers: a migration changes few lines and keeps their order.
void PrintDiff(const std::string& before, const std::string& after) {
  const std::vector<std::string> a = LinesOf(before), b = LinesOf(after);
  std::size_t i = 0, k = 0;
  while (i < a.size() || k < b.size()) {
    if (i < a.size() && k < b.size() && a[i] == b[k]) {
      ++i, ++k;
      continue;
    }
    // The nearest place where both go on alike.
    std::size_t x = i, y = k;
    for (std::size_t reach = 1;; ++reach) {
      bool met = false;
      for (std::size_t d = 0; d <= reach && !met; ++d) {
        x = i + d, y = k + reach - d;
        met = (x >= a.size() && y >= b.size()) || (x < a.size() && y < b.size() && a[x] == b[y] && !a[x].empty());
      }
      if (met) break;
    }
    for (; i < std::min(x, a.size()); ++i) std::cout << "-" << i + 1 << ": " << a[i] << "\n";
    for (; k < std::min(y, b.size()); ++k) std::cout << "+" << k + 1 << ": " << b[k] << "\n";
  }
}

bool WriteBack(const fs::path& path, const std::string& text) {
  const fs::path beside = path.string() + ".sluice-migrate";
  std::error_code error;
  const fs::perms mode = fs::status(path, error).permissions();
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) return false;
  }
  fs::permissions(beside, mode, error);
  fs::rename(beside, path, error);
  return !error;
}

int MigrateFiles(const MigrateFlags& flags) {
  std::error_code error;
  const std::vector<fs::path> files = FilesBelow(flags.path, flags, error);
  if (error) {
    std::cerr << "Error: " << flags.path << ": " << error.message() << "\n";
    return 1;
  }
  std::size_t changed = 0, by_hand = 0;
  int code = 0;
  for (const fs::path& path : files) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    const base::Result<Migration> migrated = Migrate(text.str(), path.string());
    if (!in || !migrated) {
      std::cerr << "✗ " << path.string() << ": " << (migrated ? "cannot be read" : migrated.error().message) << "\n";
      code = 1;
      continue;
    }
    for (const std::string& change : migrated->changes) std::cout << "✚ " << path.string() << ":" << change << "\n";
    for (const std::string& warning : migrated->warnings) std::cout << "⚠ " << path.string() << ":" << warning << "\n";
    by_hand += migrated->warnings.size();
    if (migrated->text == text.str()) continue;
    ++changed;
    if (flags.dry_run) {
      PrintDiff(text.str(), migrated->text);
    } else if (!WriteBack(path, migrated->text)) {
      std::cerr << "✗ " << path.string() << ": cannot be written\n";
      code = 1;
    }
  }
  std::cout << "✔ " << changed << " of " << files.size() << " files " << (flags.dry_run ? "would change" : "changed");
  if (by_hand > 0) std::cout << "; " << by_hand << " places need a hand";
  std::cout << std::endl;
  return code;
}

int RunMigrate(const MigrateFlags& flags) {
  if (!flags.path.empty()) return MigrateFiles(flags);
  if (flags.dry_run) return PrintError(base::Invalid("--dry-run is for files: name them with -f"), 1);
  return MigrateCluster(flags);
}

}  // namespace

void AddMigrate(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<MigrateFlags>();
  CLI::App* command = app.add_subcommand(
      "migrate",
      "Write what the cluster stores of Flux's kinds in their newest version; with -f change manifests in files, whose comments stay");
  command->add_option("-f,--path", flags->path, "File or directory; else the cluster");
  command->add_option("-e,--extensions", flags->extensions, "Of the files that are looked at")->delimiter(',')->capture_default_str();
  command->add_flag("--dry-run", flags->dry_run, "Print what would change in the files");
  AddConnection(*command, *flags);
  commands.Add(command, [flags] { return RunMigrate(*flags); });
}

}  // namespace sluice::cli
