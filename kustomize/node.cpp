#include "kustomize/node.h"

#include <string>
#include <utility>

#include "document/yaml.h"

namespace sluice::kustomize {

using document::Kind;
using document::Member;
using document::Resolver;
using document::Style;
using document::Value;

namespace {

/// Whether a text may be more than one plain scalar of YAML.
bool MayBeStructure(std::string_view text) {
  if (std::string_view("[{#&*!|>'\"%@`").find(text.front()) != std::string_view::npos) return true;
  if ((text.front() == '-' || text.front() == '?') && (text.size() == 1 || text[1] == ' ')) return true;
  return text.ends_with(':') || text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos;
}

/// Whether YAML 1.1 reads the bare text as anything but a string (kyaml IsValueNonString).
bool NotAStringInYaml11(std::string_view text) {
  if (text.empty() || text.find('\n') != std::string_view::npos) return false;
  if (!MayBeStructure(text)) return document::ResolvePlain(text, Resolver::Yaml11) != Kind::String;
  const auto parsed = document::ParseYaml(text, {.resolver = Resolver::Yaml11, .file = {}});
  return parsed && !parsed->IsString();
}

}  // namespace

bool IsQuoted(Style style) {
  return style == Style::SingleQuoted || style == Style::DoubleQuoted || style == Style::Literal || style == Style::Folded;
}

Value UntaggedScalar(std::string_view text, Style style) {
  if (IsQuoted(style)) return Value::Scalar(Kind::String, text, style);
  const Kind kind = text.find('\n') != std::string_view::npos ? Kind::String : document::ResolvePlain(text, Resolver::GoYaml3);
  return Value::Scalar(kind, text, Style::Any);
}

Value NewString(std::string_view text) {
  return Value::Scalar(Kind::String, text, NotAStringInYaml11(text) ? Style::DoubleQuoted : Style::Plain);
}

void QuoteIfOdd(Value& value) {
  const bool text = value.IsString() || (value.IsScalar() && value.style() == Style::Any);
  if (!text || IsQuoted(value.style()) || !NotAStringInYaml11(value.text())) return;
  const document::Mark mark = value.mark();
  value = Value::Scalar(Kind::String, value.text(), Style::DoubleQuoted);
  value.set_mark(mark);
}

void OverwriteScalar(Value& leaf, std::string_view text) {
  const document::Mark mark = leaf.mark();
  leaf = UntaggedScalar(text, leaf.IsScalar() ? leaf.style() : Style::Any);
  leaf.set_mark(mark);
}

namespace {

base::Result<void> CheckScalar(const Value& leaf) {
  if (leaf.IsScalar()) return {};
  return base::Invalid(std::string("a scalar is needed, not a ") + (leaf.IsMapping() ? "mapping" : "list"));
}

}  // namespace

base::Result<void> SetScalar(Value& leaf, Value value) {
  TRY(CheckScalar(leaf));
  const document::Mark mark = leaf.mark();
  leaf = WithStyle(std::move(value), leaf.style());
  leaf.set_mark(mark);
  return {};
}

base::Result<void> SetUntagged(Value& leaf, std::string_view text) {
  TRY(CheckScalar(leaf));
  OverwriteScalar(leaf, text);
  return {};
}

void SetUntaggedField(Value& map, std::string_view key, std::string_view text) {
  if (Value* old = map.Find(key); old != nullptr) {
    OverwriteScalar(*old, text);
  } else {
    Value value = NewString(text);
    if (!IsQuoted(value.style())) value.set_style(Style::Any);
    SetField(map, key, std::move(value));
  }
}

bool KeepsItsTag(const Value& value) {
  return value.style() != Style::Any && !value.IsString() && document::ResolvePlain(value.text(), Resolver::GoYaml3) != value.kind();
}

Value WithStyle(Value value, Style style) {
  if (!value.IsScalar()) {
    value.set_style(style == Style::Flow ? style : Style::Block);
    return value;
  }
  const bool untagged = value.style() == Style::Any;
  if (untagged && IsQuoted(style)) {
    Value text = Value::Scalar(Kind::String, value.text(), style);
    text.set_mark(value.mark());
    return text;
  }
  if (!value.IsString()) value.set_tag({});  // go-yaml keeps in the style that a tag was spelled out
  value.set_style(IsQuoted(style) ? style : untagged ? Style::Any : Style::Plain);
  return value;
}

void SetField(Value& map, std::string_view key, Value value, const Member* key_source) {
  if (value.IsNull()) {
    if (map.IsMapping()) map.Erase(key);
    return;
  }
  if (Value* old = map.Find(key); old != nullptr) {
    *old = WithStyle(std::move(value), old->style());
    return;
  }
  QuoteIfOdd(map.Set(key, std::move(value)));
  Member& member = map.mutable_members().back();
  member.key_kind = key_source != nullptr ? key_source->key_kind : document::ResolvePlain(key, Resolver::GoYaml3);
  if (key_source == nullptr) return;
  member.key_style = key_source->key_style;
  member.key_mark = key_source->key_mark;
}

bool FitsItsKind(const Value& value) {
  if (!value.IsScalar() || value.IsString()) return true;
  const auto fits = [&](Resolver resolver) {
    const Kind kind = document::ResolvePlain(value.text(), resolver);
    return kind == value.kind() || (kind == Kind::Int && value.kind() == Kind::Float);
  };
  return fits(Resolver::GoYaml3) || fits(Resolver::Yaml11);
}

std::string_view ScalarText(const Value& value) { return value.IsNull() ? std::string_view() : value.text(); }

}  // namespace sluice::kustomize
