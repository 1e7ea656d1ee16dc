#include "kustomize/folded_text.h"

#include <algorithm>
#include <string>
#include <utility>

#include "document/yaml.h"
#include "kustomize/node_text.h"

namespace sluice::kustomize {

using base::Result;
using document::Style;
using document::Value;

namespace {

bool IsFolded(const Value& value) { return value.IsString() && value.style() == Style::Folded; }

bool HasFolded(const Value& value) {
  if (value.IsSequence()) return std::any_of(value.items().begin(), value.items().end(), HasFolded);
  if (value.IsMapping())
    return std::any_of(value.members().begin(), value.members().end(),
                       [](const document::Member& member) { return HasFolded(member.value); });
  return IsFolded(value);
}

Result<void> Reread(Value& text) {
  Value holder = Value::Mapping();
  holder.Set("text", text);
  std::string yaml = NodeText(holder);
  if (!yaml.ends_with('\n')) yaml += '\n';  // kept breaks are there
  TRY(const Value again, document::ParseYaml(yaml));
  const document::Mark mark = text.mark();
  text = Value(again.StringAt({"text"}));
  text.set_mark(mark);
  text.set_style(Style::Literal);
  return {};
}

Result<void> RereadAll(Value& value) {
  if (IsFolded(value)) return Reread(value);
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) TRY(RereadAll(item));
  } else if (value.IsMapping()) {
    for (document::Member& member : value.mutable_members()) TRY(RereadAll(member.value));
  }
  return {};
}

}  // namespace

Result<void> RereadFoldedTexts(Value& value) {
  if (!HasFolded(value)) return {};  // nearly always, and nothing that is shared gets copied
  return RereadAll(value);
}

}  // namespace sluice::kustomize
