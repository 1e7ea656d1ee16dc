// helm/functions/registry.h: how a family of functions adds itself to the map, and what they all ask of their arguments.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "helm/functions/functions.h"
#include "helm/template/function.h"

namespace sluice::helm {

using Arguments = std::span<const Value>;
using Call = std::function<base::Result<Value>(Arguments)>;

// Parameters by their Go type: {kString, kInt}.
inline constexpr Parameter kAny{.type = ParameterType::Any}, kBool{.type = ParameterType::Bool}, kInt{.type = ParameterType::Int},
    kUint32{.type = ParameterType::Uint32}, kFloat{.type = ParameterType::Float64}, kString{.type = ParameterType::String},
    kDict{.type = ParameterType::Dict}, kList{.type = ParameterType::List}, kTime{.type = ParameterType::Time};

/// The same function under every one of `names`.
void Add(FunctionMap& map, std::initializer_list<std::string_view> names, std::vector<Parameter> parameters, const Call& call);
/// The last parameter repeats.
void AddVariadic(FunctionMap& map, std::initializer_list<std::string_view> names, std::vector<Parameter> parameters, const Call& call);

// The families.
void AddStrings(FunctionMap& map);
void AddCase(FunctionMap& map);
void AddWrap(FunctionMap& map);
void AddSplit(FunctionMap& map);
void AddRegex(FunctionMap& map);
void AddNumbers(FunctionMap& map);
void AddDecimal(FunctionMap& map);
void AddLists(FunctionMap& map);
void AddDicts(FunctionMap& map, Dialect dialect);
void AddMerge(FunctionMap& map);
void AddTypes(FunctionMap& map, Dialect dialect);
void AddEncoding(FunctionMap& map, Dialect dialect);
void AddToml(FunctionMap& map, Dialect dialect);
void AddDates(FunctionMap& map, const FunctionOptions& options);
void AddDurations(FunctionMap& map, const FunctionOptions& options);
void AddSemver(FunctionMap& map);
void AddHashes(FunctionMap& map);
void AddRandom(FunctionMap& map, const FunctionOptions& options);
void AddPasswords(FunctionMap& map, const FunctionOptions& options);
void AddCertificates(FunctionMap& map, const FunctionOptions& options);
void AddUrl(FunctionMap& map);
void AddPath(FunctionMap& map);

/// sprig's strval: texts and bytes as they are, all else as %v prints it.
std::string TextOf(const Value& value);
/// sprig's empty: nothing, false, zero, "", what has no elements; never a struct.
bool IsEmpty(const Value& value);
/// The elements of a Dict argument; none of a nil one.
const std::map<std::string, Value, std::less<>>& EntriesOf(const Value& dict);
/// How many elements a list or bytes have, and one of them as an interface.
std::size_t LengthOf(const Value& list);
Value ElementOf(const Value& list, std::size_t index);
/// A named slice type, such as .Capabilities.APIVersions, as the list it is; others as they are.
Value AsList(const Value& value);
/// Whether reflect calls it a slice, if it is no named type.
inline bool IsSlice(const Value& value) { return value.IsList() || value.type() == Type::Bytes; }
/// sprig's strslice: the texts of a list's elements without nils, [] for nothing, else the one text.
std::vector<std::string> TextsOf(const Value& value);

/// spf13/cast's ToInt64 and ToFloat64: 0 for what is no number.
std::int64_t ToInt64(const Value& value);
double ToFloat64(const Value& value);
/// What strconv.ParseInt(text, 10, 64) returns beside its error: 0 for no number, the nearest int64 for one out of range.
std::int64_t ParseClamped(std::string_view text);

/// Whether `bytes` is too much for one value; the error then is ValueTooLarge().
base::Result<Value> TextResult(std::string text);

}  // namespace sluice::helm
