// kustomize/node.h: how kustomize's YAML library (kyaml) writes scalars and fields, where that shows in the output. There a scalar is a text, a tag and a
// quoting style, and what it is gets decided only when the object is printed; here a Value always knows its kind, so the rules are applied on writing.
// A scalar without a tag has Style::Any here (or a quoting style): give it another text, and it may be of another kind.
#pragma once

#include <string_view>

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

/// Quoted or a block scalar: a string whatever it says.
bool IsQuoted(document::Style style);

/// A scalar with no tag: a string if `style` quotes it, else what YAML makes of its text ("8080" is an Int, "" is null).
document::Value UntaggedScalar(std::string_view text, document::Style style = document::Style::Any);

/// A string as kustomize writes it where no field was: in double quotes if YAML 1.1 would read something else.
document::Value NewString(std::string_view text);

/// What kustomize does to a scalar that it puts into a mapping: a string, or one without a tag, that YAML 1.1 would take for something else gets double quotes
/// (and is a string from then on).
void QuoteIfOdd(document::Value& value);

/// `leaf` := the untagged `text`, in the style that `leaf` has (kyaml FieldSetter without a name).
void OverwriteScalar(document::Value& leaf, std::string_view text);

/// `leaf` := `value` (a scalar that knows its kind), in the style that `leaf` has. Errors: Invalid, `leaf` is a collection.
base::Result<void> SetScalar(document::Value& leaf, document::Value value);
/// The same for an untagged text.
base::Result<void> SetUntagged(document::Value& leaf, std::string_view text);

/// `map[key]` := the untagged `text`; quoted as needed where the field is new.
void SetUntaggedField(document::Value& map, std::string_view key, std::string_view text);

/// `map[key]` := `value`. A field that is there keeps its key and its quoting style, so that a number written over a quoted string is a string; a null
/// removes the field. `key_source` gives the new field's key its spelling; without it the key is plain, and YAML decides what it is.
void SetField(document::Value& map, std::string_view key, document::Value value, const document::Member* key_source = nullptr);

/// The value in the place of one with `style`: quotes make an untagged scalar a string, any other when it is read again (Reread); an unquoted string stays
/// one, an untagged scalar untagged. A collection is written as the one before it was, in flow or block style.
document::Value WithStyle(document::Value value, document::Style style);

/// Written with its tag, as `!!float "1"`, since its text alone would be of another kind: quotes do not make it a string.
bool KeepsItsTag(const document::Value& value);

/// Whether a scalar's text can be read as its kind; a replacement may have put "abc" where a number is, which fails when the object is printed.
bool FitsItsKind(const document::Value& value);

/// Text of a scalar whatever its kind, "" for null and collections (kyaml GetValue).
std::string_view ScalarText(const document::Value& value);

/// nullptr, null.
inline bool MissingOrNull(const document::Value* value) { return value == nullptr || value->IsNull(); }
/// Absent, null, {} or [].
inline bool NilOrEmpty(const document::Value* value) {
  return value == nullptr || value->IsNull() || (!value->IsScalar() && value->empty());
}

}  // namespace sluice::kustomize
