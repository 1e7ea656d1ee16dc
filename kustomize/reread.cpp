#include "kustomize/reread.h"

#include <algorithm>
#include <string>
#include <utility>

#include "document/yaml.h"
#include "kustomize/node.h"
#include "kustomize/node_text.h"

namespace sluice::kustomize {

using base::Result;
using document::Kind;
using document::Style;
using document::Value;

namespace {

enum class Change { None, Fold, Untype, Quote };

/// What a scalar is changed by; `flow`: it stands in a flow collection.
Change ChangeOf(const Value& scalar, bool flow) {
  if (scalar.IsString()) return scalar.style() == Style::Folded && !flow ? Change::Fold : Change::None;
  if (!scalar.tag().empty() || (scalar.style() != Style::Any && KeepsItsTag(scalar))) return Change::None;
  if (IsQuoted(scalar.style())) return Change::Untype;
  const bool bare = !scalar.text().empty() && scalar.text().find(':') == std::string_view::npos;
  return flow && !bare ? Change::Quote : Change::None;
}

bool InFlow(const Value& collection, bool flow) { return flow || collection.style() == Style::Flow; }

bool Changes(const Value& value, bool flow) {
  if (value.IsScalar()) return ChangeOf(value, flow) != Change::None;
  const bool inside = InFlow(value, flow);
  return std::any_of(value.items().begin(), value.items().end(), [&](const Value& item) { return Changes(item, inside); }) ||
         std::any_of(value.members().begin(), value.members().end(),
                     [&](const document::Member& member) { return Changes(member.value, inside); });
}

Result<void> Fold(Value& text) {
  Value holder = Value::Mapping();
  holder.Set("text", text);
  std::string yaml = NodeText(holder);
  if (!yaml.ends_with('\n')) yaml += '\n';  // kept breaks are there
  TRY(const Value again, document::ParseYaml(yaml));
  text = Value::Scalar(Kind::String, again.StringAt({"text"}), Style::Literal);
  return {};
}

Result<void> RereadScalar(Value& scalar, Change change) {
  const document::Mark mark = scalar.mark();
  switch (change) {
    case Change::None: return {};
    case Change::Fold: TRY(Fold(scalar)); break;
    case Change::Untype: scalar = Value::Scalar(Kind::String, scalar.text(), scalar.style()); break;
    case Change::Quote: scalar = Value::Scalar(Kind::String, scalar.text(), Style::SingleQuoted); break;
  }
  scalar.set_mark(mark);
  return {};
}

Result<void> RereadAll(Value& value, bool flow) {
  if (value.IsScalar()) return RereadScalar(value, ChangeOf(value, flow));
  const bool inside = InFlow(value, flow);
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) TRY(RereadAll(item, inside));
  } else {
    for (document::Member& member : value.mutable_members()) TRY(RereadAll(member.value, inside));
  }
  return {};
}

}  // namespace

Result<void> Reread(Value& value) {
  if (!Changes(value, false)) return {};  // nearly always, and nothing that is shared gets copied
  return RereadAll(value, false);
}

}  // namespace sluice::kustomize
