// kustomize/decode.h: a YAML mapping read into records, as Go's encoding/json reads it into structs: names match exactly or else without
// case, null leaves the default, the last of a repeated key wins. Every mistake is collected with its place, so that one look shows all.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

enum class Strictness {
  Strict,   ///< the kustomization file: an unknown field is an error, a string must be a string
  Lenient,  ///< plugin configurations: unknown fields are skipped, numbers and booleans become strings where one is wanted
};

class Decoder {
 public:
  using Read = std::function<void(const document::Value&)>;

  /// A field of a mapping and where its value goes. The targets outlive the call of Mapping.
  struct Field {
    Field(std::string_view field, std::string* to) : name(field), text(to) {}
    Field(std::string_view field, bool* to) : name(field), flag(to) {}
    Field(std::string_view field, std::int64_t* to) : name(field), number(to) {}
    Field(std::string_view field, std::vector<std::string>* to) : name(field), texts(to) {}
    Field(std::string_view field, std::map<std::string, std::string>* to) : name(field), pairs(to) {}
    Field(std::string_view field, Read to) : name(field), read(std::move(to)) {}
    std::string_view name;
    std::string* text = nullptr;
    bool* flag = nullptr;
    std::int64_t* number = nullptr;
    std::vector<std::string>* texts = nullptr;
    std::map<std::string, std::string>* pairs = nullptr;
    Read read;
  };

  /// `file` is named in every message.
  /// `text` is the file's, if there is one: ContentMark looks at it. It outlives the decoder.
  Decoder(std::string_view file, Strictness strictness, std::string_view text = {})
      : file_(file), strict_(strictness == Strictness::Strict), text_(text) {}

  /// Reads `map` (null: nothing). `what` names it in messages, e.g. "patches[2]"; "" for the whole file.
  void Mapping(const document::Value& map, std::string_view what, std::initializer_list<Field> fields);
  void Mapping(const document::Value& map, std::string_view what, std::span<const Field> fields);
  void Text(const document::Value& value, std::string_view what, std::string& to);
  void Flag(const document::Value& value, std::string_view what, bool& to);
  void Number(const document::Value& value, std::string_view what, std::int64_t& to);
  void Texts(const document::Value& value, std::string_view what, std::vector<std::string>& to);
  void Pairs(const document::Value& value, std::string_view what, std::map<std::string, std::string>& to);
  /// Calls `each` with every item of a list and its name (`what[i]`).
  void List(const document::Value& value, std::string_view what,
            const std::function<void(const document::Value&, const std::string&)>& each);

  void FieldSpecs(const document::Value& value, std::string_view what, std::vector<FieldSpec>& to);
  void SelectorFields(const document::Value& value, std::string_view what, Selector& to);

  /// Where the first character of a literal block scalar stands in the file; no place for other styles, whose lines are not the file's.
  document::Mark ContentMark(const document::Value& value) const;
  void Fail(document::Mark mark, std::string message);
  bool ok() const { return errors_.empty(); }
  /// Invalid with one line a mistake, from the top of the file down, if there was one.
  base::Result<void> Finish() const;

 private:
  void Dispatch(const Field& field, const document::Value& value, const std::string& what);
  /// Of a field that kustomize keeps in an embedded struct: there a number is never a string, whatever the strictness.
  Read StrictText(std::string what, std::string& to);
  void WrongType(const document::Value& value, std::string_view what, std::string_view wanted);

  std::string file_;
  bool strict_;
  std::string_view text_;
  std::vector<std::pair<document::Mark, std::string>> errors_;
};

/// `file:line:column`, without a place that is not known.
std::string PlaceOf(std::string_view file, document::Mark mark);

/// The text a mapping key has once YAML became JSON: `n` (YAML 1.1) is "false", 010 is "8".
std::string KeyText(const document::Member& member);

}  // namespace sluice::kustomize
