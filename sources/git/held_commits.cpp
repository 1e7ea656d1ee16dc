#include "sources/git/held_commits.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/failpoint.h"
#include "sources/git/objects.h"

namespace sluice::sources {
namespace {

using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::string_view kNone = "-";

bool WriteWhole(const std::string& path, const std::string& text) {
  const std::string aside = path + ".new";
  {
    std::ofstream out(aside, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return false;
  }
  SLUICE_FAILPOINT("git.held.before");
  return std::rename(aside.c_str(), path.c_str()) == 0;
}

/// One reference a commit, under the name it was fetched by where that is still its own.
std::string PackedRefs(const HeldCommits& held) {
  std::map<std::string, std::string> refs;
  for (const HeldCommit& commit : held) {
    const bool named = commit.ref_name.starts_with("refs/") && !refs.contains(commit.ref_name);
    refs[named ? commit.ref_name : "refs/commits/" + commit.commit] = commit.commit;
  }
  std::string text = "# pack-refs with: sorted\n";
  for (const auto& [name, commit] : refs) text += commit + " " + name + "\n";
  return text;
}

}  // namespace

Result<HeldCommits> ReadHeldCommits(const std::string& folder) {
  std::ifstream in(folder + "/commits", std::ios::binary);
  if (!in) return base::NotFound("no list of commits in " + folder);
  HeldCommits held;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    HeldCommit commit;
    words >> commit.commit >> commit.tag_object >> commit.ref_name;
    const bool sound = words && ParseObjectId(commit.commit) && (commit.tag_object == kNone || ParseObjectId(commit.tag_object));
    if (!sound) return base::Invalid("damaged list of commits in " + folder);
    if (commit.tag_object == kNone) commit.tag_object.clear();
    if (commit.ref_name == kNone) commit.ref_name.clear();
    held.push_back(std::move(commit));
  }
  return held;
}

Result<void> WriteHeldCommits(const std::string& folder, const HeldCommits& held) {
  std::string list, shallow;
  std::vector<std::string> sorted;
  for (const HeldCommit& commit : held) {
    const auto word = [](const std::string& text) { return text.empty() ? std::string(kNone) : text; };
    list += commit.commit + " " + word(commit.tag_object) + " " + word(commit.ref_name) + "\n";
    sorted.push_back(commit.commit);
  }
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& commit : sorted) shallow += commit + "\n";
  const bool written = WriteWhole(folder + "/shallow", shallow) && WriteWhole(folder + "/packed-refs", PackedRefs(held)) &&
                       WriteWhole(folder + "/commits", list);
  if (!written) return MakeError(Reason::Unavailable, "cannot write the Git cache at " + folder);
  return {};
}

void Remember(HeldCommits& held, HeldCommit commit, std::size_t max) {
  const auto before = std::find_if(held.begin(), held.end(), [&](const HeldCommit& other) { return other.commit == commit.commit; });
  if (before != held.end()) {
    if (commit.tag_object.empty()) commit.tag_object = before->tag_object;
    held.erase(before);
  }
  held.insert(held.begin(), std::move(commit));
  if (held.size() > max) held.resize(max);
}

}  // namespace sluice::sources
