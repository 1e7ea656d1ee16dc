#include "kustomize/read_resources.h"

#include <algorithm>
#include <charconv>
#include <deque>

#include "base/parser_limits.h"
#include "document/json.h"
#include "document/repeated_keys.h"
#include "document/yaml.h"
#include "kustomize/decode.h"
#include "kustomize/error_list.h"
#include "kustomize/schema_comments.h"

namespace sluice::kustomize {

using base::Result;
using document::Value;

namespace {

/// A piece of a text between separators.
struct Piece {
  std::string_view text;
  std::uint32_t line = 1;  ///< of its first character in the text
};

/// Turns places in a piece into places in the file.
class Shift {
 public:
  Shift(const TextPlace& place, std::uint32_t piece_line) : known_(place.first.line != 0) {
    if (!known_) return;
    lines_ = place.first.line + piece_line - 2;
    columns_ = place.first.column - 1;
  }
  bool none() const { return known_ && lines_ == 0 && columns_ == 0; }
  document::Mark operator()(document::Mark mark) const {
    return known_ ? document::Mark{mark.line + lines_, mark.column + columns_} : document::Mark{};
  }

 private:
  bool known_;
  std::uint32_t lines_ = 0, columns_ = 0;
};

/// Carriage returns before line feeds go; `storage` holds the text if there were any.
std::string_view WithoutCarriageReturns(std::string_view text, std::string& storage) {
  if (text.find("\r\n") == text.npos) return text;
  storage.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') storage += text[i];
  return storage;
}

/// A separator is a whole line (line feeds on both sides) that starts with `---`. Anything behind the dashes but blanks and a comment is an error.
Result<std::vector<Piece>> SplitDocuments(std::string_view text, const TextPlace& place) {
  std::vector<Piece> pieces;
  std::uint32_t line = 1;
  std::size_t begin = 0;
  for (std::size_t at = 0; (at = text.find("\n---", at)) != text.npos;) {
    const std::size_t end = text.find('\n', at + 1);
    if (end == text.npos) break;
    const auto lines = static_cast<std::uint32_t>(
        std::count(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(at + 1), '\n'));
    const std::string_view rest = text.substr(at + 4, end - at - 4);
    const std::size_t word = rest.find_first_not_of(" \t\r\v\f");
    if (word != rest.npos && rest[word] != '#')
      return base::Invalid(PlaceOf(place.file, Shift(place, line + lines)({1, 1})) +
                           ": invalid document separator: " + std::string(text.substr(at + 1, end - at - 1)));
    pieces.push_back({text.substr(begin, at + 1 - begin), line});
    line += lines + 1;
    begin = at = end + 1;  // this line feed is spent: a separator on the very next line belongs to the next piece
  }
  pieces.push_back({text.substr(begin), line});
  return pieces;
}

void ShiftMarks(Value& value, const Shift& shift) {
  value.set_mark(shift(value.mark()));
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) ShiftMarks(item, shift);
  } else if (value.IsMapping()) {
    for (document::Member& member : value.mutable_members()) {
      member.key_mark = shift(member.key_mark);
      ShiftMarks(member.value, shift);
    }
  }
}

/// `line:column: what` of a piece, as a message about the file.
std::string ShiftMessage(const std::string& message, std::string_view file, const Shift& shift) {
  document::Mark mark;
  const char* const end = message.data() + message.size();
  const auto line = std::from_chars(message.data(), end, mark.line);
  if (line.ec != std::errc() || line.ptr == end || *line.ptr != ':') return std::string(file) + ": " + message;
  const auto column = std::from_chars(line.ptr + 1, end, mark.column);
  return PlaceOf(file, shift(mark)) + std::string(column.ptr, end);
}

std::size_t CountNodes(const Value& value) {
  std::size_t count = 1;
  for (const Value& item : value.items()) count += CountNodes(item);
  for (const document::Member& member : value.members()) count += CountNodes(member.value);
  return count;
}

/// kustomize, when it has merged what merge keys name, takes away the key `<<`, and with it one that is in quotes and merges nothing.
void DropMergeKeys(Value& value) {
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) DropMergeKeys(item);
  } else if (value.IsMapping()) {
    value.Erase("<<");
    for (document::Member& member : value.mutable_members()) DropMergeKeys(member.value);
  }
}

Result<Value> ParsePiece(const Piece& piece, const TextPlace& place, Budget& budget) {
  TRY(budget.GoOn());
  document::YamlOptions options;
  options.resolver = document::Resolver::GoYaml3;
  options.duplicate_keys = document::DuplicateKeys::Keep;  // they matter only where the object becomes JSON
  options.max_bytes = base::Parsers().max_manifests_bytes;
  const bool may_expand = piece.text.find('*') != piece.text.npos;
  if (may_expand) options.max_nodes = std::min(options.max_nodes, budget.nodes);
  const Shift shift(place, piece.line);
  auto value = document::ParseYaml(piece.text, options);
  if (!value) return base::MakeError(value.error().reason, ShiftMessage(value.error().message, place.file, shift));
  if (may_expand) budget.nodes -= std::min(budget.nodes, CountNodes(*value));
  KeepSchemas(piece.text, *value);
  if (piece.text.find("<<") != piece.text.npos) DropMergeKeys(*value);
  if (!shift.none()) ShiftMarks(*value, shift);
  return value;
}

bool NilOrEmpty(const Value& value) { return value.IsNull() || (value.IsScalar() ? value.text().empty() : value.empty()); }

/// kind, and metadata.name unless it is a list.
Result<void> CheckObject(const Value& object, std::string_view file) {
  const std::string place = PlaceOf(file, object.mark()) + ": ";
  if (!object.IsMapping())
    return base::Invalid(place + "a Kubernetes object is a map with apiVersion, kind and metadata, not " +
                         (object.IsSequence() ? "a list" : "a scalar"));
  const std::string_view kind = TextUnlessNull(object.Find("kind"));
  if (kind.empty()) return base::Invalid(place + "an object has no kind");
  if (kind.ends_with("List")) return {};
  if (TextUnlessNull(object.At({"metadata", "name"})).empty()) return base::Invalid(place + std::string(kind) + " has no metadata.name");
  return {};
}

/// The lone document of kind List or ResourceList gives way to its items.
std::vector<Value> Unwrap(Value document) {
  std::vector<Value> objects;
  const std::string_view kind = ScalarText(document.Find("kind"));
  Value* items = document.Find("items");
  if ((kind != "List" && kind != "ResourceList") || (items == nullptr && document.Find("functionConfig") == nullptr)) {
    objects.push_back(std::move(document));
  } else if (items != nullptr && items->IsSequence()) {
    for (Value& item : items->mutable_items()) objects.push_back(std::move(item));
  }
  return objects;
}

Result<std::vector<Value>> ReadDocuments(std::string_view text, const TextPlace& place) {
  TRY(const std::vector<Piece> pieces, SplitDocuments(text, place));
  std::vector<Value> documents;
  ErrorList errors;
  Budget own;
  for (const Piece& piece : pieces) {
    auto document = ParsePiece(piece, place, place.budget != nullptr ? *place.budget : own);
    if (!document) errors.Add(std::move(document).error());
    if (errors.full()) break;
    if (!errors.empty() || document->IsNull()) continue;
    if (pieces.size() == 1) return Unwrap(std::move(*document));
    documents.push_back(std::move(*document));
  }
  TRY(std::move(errors).Finish());
  return documents;
}

}  // namespace

Result<void> RoundTripThroughJson(Value& value, std::string_view file) {
  if (!value.IsScalar()) value.set_style(document::Style::Flow);
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) TRY(RoundTripThroughJson(item, file));
  } else if (value.IsMapping()) {
    if (const auto repeated = document::RepeatedKeys(value.members()); !repeated.empty())
      return base::Invalid(PlaceOf(file, value.members()[repeated[0].again].key_mark) + ": " +
                           document::DescribeRepeated(value.members(), repeated[0]));
    for (document::Member& member : value.mutable_members()) {
      if (member.key_kind != document::Kind::String)
        return base::Invalid(PlaceOf(file, member.key_mark) + ": key " + member.key + " is no string; quote it");
      member.key_style = document::Style::DoubleQuoted;
      TRY(RoundTripThroughJson(member.value, file));
    }
  } else {
    TRY(const Value read, document::ParseJson(document::EmitJson(value)));
    const auto style = read.IsString() ? document::Style::DoubleQuoted : document::Style::Plain;
    Value fresh = Value::Scalar(read.kind(), read.IsNull() ? "null" : read.text(), style);
    fresh.set_mark(value.mark());
    value = std::move(fresh);
  }
  return {};
}

namespace {

/// Objects of kind …List with `items` give way to them, which go to the end and are looked at again.
Result<std::vector<Value>> ExpandLists(std::vector<Value> documents, std::string_view file) {
  std::deque<Value> pending;
  for (Value& document : documents)
    if (!NilOrEmpty(document)) pending.push_back(std::move(document));
  std::vector<Value> objects;
  ErrorList errors;
  for (const Value& document : pending) errors.Check("", CheckObject(document, file));
  TRY(std::move(errors).Finish());
  while (!pending.empty()) {
    Value object = std::move(pending.front());
    pending.pop_front();
    Value* items = ScalarText(object.Find("kind")).ends_with("List") ? object.Find("items") : nullptr;
    if (items == nullptr) {
      objects.push_back(std::move(object));
      continue;
    }
    if (!items->IsSequence() && !items->IsNull())
      return base::Invalid(PlaceOf(file, items->mark()) + ": items of " + std::string(ScalarText(object.Find("kind"))) + " is no list");
    TRY(RoundTripThroughJson(object, file));
    if (items->IsNull()) continue;
    for (Value& item : items->mutable_items()) {
      if (NilOrEmpty(item)) continue;
      TRY(CheckObject(item, file));
      pending.push_back(std::move(item));
    }
  }
  return objects;
}

}  // namespace

Result<std::vector<std::unique_ptr<Resource>>> ReadResources(std::string_view text, const TextPlace& place) {
  std::string storage;
  TRY(std::vector<Value> documents, ReadDocuments(WithoutCarriageReturns(text, storage), place));
  TRY(std::vector<Value> objects, ExpandLists(std::move(documents), place.file));
  const auto name = std::make_shared<const std::string>(place.file);
  std::vector<std::unique_ptr<Resource>> resources;
  resources.reserve(objects.size());
  for (Value& object : objects) {
    auto resource = std::make_unique<Resource>(std::move(object));
    resource->file = name;
    TRY(AbsorbAnnotations(*resource));
    resources.push_back(std::move(resource));
  }
  return resources;
}

Result<ResMap> ReadResMap(std::string_view text, const TextPlace& place) {
  TRY(auto resources, ReadResources(text, place));
  ResMap map;
  for (auto& resource : resources) TRY(map.Append(std::move(resource)));
  return map;
}

}  // namespace sluice::kustomize
