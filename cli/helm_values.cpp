#include "cli/helm_values.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "helm/chart/set_values.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/json.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using base::Invalid;
using base::Result;
using helm::Value;

/// As pflag's StringSlice: commas part the values of one flag.
std::vector<std::string> SplitCommas(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  for (std::string_view rest : texts) {
    while (true) {
      const std::size_t comma = rest.find(',');
      parts.emplace_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return parts;
}

Result<void> AddFile(const std::string& path, helm::Dialect dialect, helm::Map& values) {
  if (path.find("://") != std::string::npos)
    return base::MakeError(base::Reason::Unsupported, path + ": values files are not fetched from the network");
  TRY(const std::string text, ReadFileAt(path));
  auto read = helm::ParseValues(text, dialect);
  if (!read) return read.error().Wrap("failed to parse " + path);
  helm::MergeMaps(values, *read->map());
  return {};
}

Result<void> AddJson(const std::string& text, helm::Dialect dialect, helm::Map& values) {
  if (dialect == helm::Dialect::Helm4 && text.find_first_not_of(" \t\r\n") != std::string::npos &&
      text[text.find_first_not_of(" \t\r\n")] == '{') {
    auto object = helm::DecodeJson(text);
    if (!object) return Invalid("failed parsing --set-json data JSON: " + text);
    helm::MergeMaps(values, *object->map());
    return {};
  }
  if (!helm::SetValues(text, helm::SetKind::Json, values)) return Invalid("failed parsing --set-json data " + text);
  return {};
}

}  // namespace

void AddValueFlags(CLI::App& command, HelmFlags& flags) {
  const auto many = [&](const std::string& name, std::vector<std::string>& out, const std::string& help) {
    command.add_option(name, out, help)->allow_extra_args(false);
  };
  many("-f,--values", flags.files, "A file with values (may be given many times)");
  many("--set", flags.set, "Values on the command line: a=1,b.c=x");
  many("--set-string", flags.set_string, "The same, everything a string");
  many("--set-file", flags.set_file, "The same from files: a=path");
  many("--set-json", flags.set_json, "The same as JSON: a={\"b\":1}");
  many("--set-literal", flags.set_literal, "One value as it stands: a=x,y");
}

Result<std::string> ReadFileAt(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::error_code error;
  if (fs::is_directory(path, error)) return Invalid("read " + path + ": is a directory");
  std::ifstream in(path, std::ios::binary);
  if (!in) return base::NotFound("open " + path + ": no such file or directory");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<Value> UserValues(const HelmFlags& flags) {
  const Value values = Value::NewMap();
  helm::Map& map = *values.map();
  for (const std::string& path : SplitCommas(flags.files)) TRY(AddFile(path, flags.dialect(), map));
  for (const std::string& text : flags.set_json) TRY(AddJson(text, flags.dialect(), map));
  struct Kind {
    const std::vector<std::string>& texts;
    helm::SetKind kind;
    std::string_view flag;
  };
  const Kind kinds[] = {{flags.set, helm::SetKind::Typed, "--set"},
                        {flags.set_string, helm::SetKind::String, "--set-string"},
                        {flags.set_file, helm::SetKind::File, "--set-file"},
                        {flags.set_literal, helm::SetKind::Literal, "--set-literal"}};
  for (const auto& [texts, kind, flag] : kinds)
    for (const std::string& text : texts)
      if (auto done = helm::SetValues(text, kind, map, ReadFileAt); !done)
        return done.error().Wrap("failed parsing " + std::string(flag) + " data");
  return values;
}

helm::NoticeSink PrintNotices(helm::Dialect dialect) {
  return [dialect](const helm::Notice& notice) { std::cerr << helm::NoticeLine(notice, dialect) + "\n"; };
}

Result<helm::Chart> LoadChartAt(const std::string& path, helm::Dialect dialect) {
  std::error_code error;
  if (path.find("://") != std::string::npos)
    return base::MakeError(base::Reason::Unsupported, path + ": charts are not fetched; name a directory or an archive");
  if (!fs::exists(path, error)) return base::NotFound("path \"" + path + "\" not found");
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  std::string below = absolute.string().substr(1);
  while (below.ends_with('/')) below.pop_back();
  const auto files = base::OpenDirectory("/", std::uint64_t{128} << 20);
  return helm::LoadChart(*files, below.empty() ? "." : below, dialect, PrintNotices(dialect));
}

Result<std::string> ReleaseNameOf(const std::string& name_template, const helm::EngineOptions& engine) {
  const helm::FunctionMap functions = helm::Functions(engine.functions), methods;
  helm::TemplateSet set("name-template", functions, methods);
  TRY(const helm::Template* parsed, set.Parse("name-template", name_template));
  return set.Execute(*parsed, Value());
}

}  // namespace sluice::cli
