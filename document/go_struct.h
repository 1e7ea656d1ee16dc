// document/go_struct.h: YAML as Go programs see it that read it with sigs.k8s.io/yaml: it becomes JSON first (YAMLToJSON), and may then be
// read into a struct, whose fields say what a scalar becomes. For texts that have to be valued one by one as such a program values them.
// Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/value.h"

namespace sluice::document {

/// What a key that YAML 1.1 does not take for text is called in JSON: yes is "true", 1_000 "1000", 1.20 "1.2". nullopt for null and for
/// what is beyond 64 bits, which JSON has no keys for.
std::optional<std::string> JsonKey(const Member& member);

/// Makes all keys of `value` text; of two that become one, the last stays. Invalid: a key that none can be made of, .inf and .nan.
base::Result<void> MakeJsonable(Value& value);

struct GoField;

/// A Go type, as far as reading it goes.
struct GoType {
  enum class What {
    Any,       ///< whatever is there
    Text,      ///< numbers and booleans become text
    PureText,  ///< text only: what an embedded struct holds, and types that read themselves
    Duration,  ///< PureText in Go's grammar of durations
    Time,      ///< PureText in RFC 3339
    Flag,
    Integer,
    List,    ///< of `of`
    Map,     ///< of `of`
    Struct,  ///< of `fields`; others are ignored
  };
  What what = What::Any;
  const GoType* of = nullptr;
  std::span<const GoField> fields = {};
};

struct GoField {
  std::string_view name;  ///< found in any case
  const GoType* type;
};

enum class GoInput {
  Yaml,    ///< read by sigs.k8s.io/yaml: names in any case, numbers become text
  Object,  ///< converted from an object that is there (runtime.DefaultUnstructuredConverter): neither
};

/// What is left of `value` (parsed as YAML 1.1) in a variable of `type`, with field names as the type spells them, in its order; null and
/// what is not there stay away. Marks stay. Invalid `line:column: spec.path: want a string, found a list`; `path` names `value`, "" for all.
base::Result<Value> ReadAsGo(const Value& value, const GoType& type, std::string_view path = {}, GoInput input = GoInput::Yaml);

}  // namespace sluice::document
