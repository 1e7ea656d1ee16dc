#include "cli/release_table.h"

#include <algorithm>
#include <vector>

#include "document/json.h"
#include "document/value.h"
#include "document/yaml.h"
#include "helm/functions/go_time.h"

namespace sluice::cli {
namespace {

using document::Value;
using Row = std::vector<std::string>;

/// In the zone that the record has it in.
std::string Ansic(const helm::ReleaseTime& text) {
  auto time = helm::ParseTime("2006-01-02T15:04:05Z07:00", text.empty() ? "0001-01-01T00:00:00Z" : text, helm::Zone::Utc());
  return time ? helm::FormatTime(*time, "Mon Jan _2 15:04:05 2006") : text;
}

std::string ChartOf(const helm::Release& release) {
  if (release.chart == nullptr || release.chart->metadata_json == "null") return "MISSING";
  return release.chart->name + "-" + release.chart->version;
}
std::string AppVersionOf(const helm::Release& release) { return release.chart == nullptr ? "MISSING" : release.chart->app_version; }

Value Shown(const helm::Release& release) {
  Value shown = Value::Mapping();
  shown.Set("revision", release.version);
  if (!release.info.last_deployed.empty()) shown.Set("updated", release.info.last_deployed);
  shown.Set("status", helm::ToString(release.info.status));
  shown.Set("chart", ChartOf(release));
  shown.Set("app_version", AppVersionOf(release));
  if (release.info.rollback_revision != 0) shown.Set("rollback_revision", release.info.rollback_revision);
  shown.Set("description", release.info.description);
  return shown;
}

std::size_t Runes(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Cells padded to the widest of their column, the last one too, with tabs between them, as Helm's tables are.
std::string Padded(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Runes(row[i]));
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) text.append(i == 0 ? "" : "\t").append(row[i]).append(widths[i] - Runes(row[i]), ' ');
    text += '\n';
  }
  return text;
}

std::string Table(const helm::History& history, bool rollback) {
  std::vector<Row> rows = {{"REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"}};
  if (rollback) rows.front().emplace_back("ROLLBACK");
  rows.front().emplace_back("DESCRIPTION");
  for (const helm::ReleaseRecord& record : history) {
    const helm::Release& release = record.release;
    Row row = {std::to_string(release.version), Ansic(release.info.last_deployed), std::string(helm::ToString(release.info.status)),
               ChartOf(release), AppVersionOf(release)};
    if (rollback) row.push_back(release.info.rollback_revision == 0 ? "" : std::to_string(release.info.rollback_revision));
    row.push_back(release.info.description);
    rows.push_back(std::move(row));
  }
  return Padded(rows);
}

}  // namespace

std::string FormatHistory(const helm::History& history, const std::string& output, bool rollback) {
  if (output == "table") return Table(history, rollback);
  Value list = Value::Sequence();
  for (const helm::ReleaseRecord& record : history) list.Append(Shown(record.release));
  if (output == "json") return document::EmitJson(list, {.escape_html = true}) + "\n";
  return document::EmitYaml(list);
}

}  // namespace sluice::cli
