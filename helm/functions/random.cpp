#include <utility>

#include "helm/functions/base64.h"
#include "helm/functions/chance.h"
#include "helm/functions/json.h"
#include "helm/functions/letter.h"
#include "helm/functions/registry.h"

namespace sluice::helm {

using base::Invalid;
using base::Result;

std::uint64_t Below(const RandomSource& random, std::uint64_t limit) {
  const std::uint64_t unfair = (0 - limit) % limit;  // so many of the lowest numbers would come up once too often
  std::uint64_t number = random();
  while (number < unfair) number = random();
  return number % limit;
}

std::string RandomBytes(const RandomSource& random, std::size_t count) {
  std::string out;
  out.reserve(count + 8);
  while (out.size() < count) {
    std::uint64_t bits = random();
    for (int i = 0; i < 8; ++i, bits >>= 8) out += static_cast<char>(bits & 0xFF);
  }
  out.resize(count);
  return out;
}

std::string RandomText(const RandomSource& random, std::size_t count, std::string_view alphabet) {
  std::string out;
  out.reserve(count);
  while (out.size() < count) out += alphabet[Below(random, alphabet.size())];
  return out;
}

namespace {

constexpr std::string_view kDigits = "0123456789", kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

void AddText(FunctionMap& map, std::string_view name, const RandomSource& random, std::string alphabet) {
  Add(map, {name}, {kInt}, [random, alphabet = std::move(alphabet)](Arguments a) -> Result<Value> {
    const std::int64_t count = a[0].AsSigned();
    if (count > static_cast<std::int64_t>(kMaxValueBytes)) return ValueTooLarge();
    return Value::String(count <= 0 ? std::string() : RandomText(random, static_cast<std::size_t>(count), alphabet));
  });
}

std::string Uuid(const RandomSource& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string bytes = RandomBytes(random, 16), out;
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string Shuffled(const RandomSource& random, std::string_view text) {
  std::u32string runes = RunesOf(text);
  for (std::size_t i = runes.size(); i > 1; --i) std::swap(runes[i - 1], runes[Below(random, i)]);
  return TextOfRunes(runes);
}

Result<Value> RandomInt(const RandomSource& random, std::int64_t low, std::int64_t high) {
  const auto range = static_cast<std::int64_t>(static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low));
  if (range <= 0) return Invalid("invalid argument to Intn");
  return Value::Int(low + static_cast<std::int64_t>(Below(random, static_cast<std::uint64_t>(range))));
}

Result<Value> EncodedBytes(const RandomSource& random, std::int64_t count) {
  if (count < 0) return Invalid("runtime error: makeslice: len out of range");
  if (count > static_cast<std::int64_t>(kMaxValueBytes / 2)) return ValueTooLarge();
  return Value::String(Base64Encode(RandomBytes(random, static_cast<std::size_t>(count))));
}

}  // namespace

void AddRandom(FunctionMap& map, const FunctionOptions& options) {
  const RandomSource random = options.random;
  std::string ascii;
  for (char c = ' '; c <= '~'; ++c) ascii += c;
  AddText(map, "randAlphaNum", random, std::string(kDigits) + std::string(kLetters));
  AddText(map, "randAlpha", random, std::string(kLetters));
  AddText(map, "randNumeric", random, std::string(kDigits));
  AddText(map, "randAscii", random, ascii);
  Add(map, {"randBytes"}, {kInt}, [random](Arguments a) { return EncodedBytes(random, a[0].AsSigned()); });
  Add(map, {"randInt"}, {kInt, kInt}, [random](Arguments a) { return RandomInt(random, a[0].AsSigned(), a[1].AsSigned()); });
  Add(map, {"uuidv4"}, {}, [random](Arguments) { return Value::String(Uuid(random)); });
  Add(map, {"shuffle"}, {kString}, [random](Arguments a) { return Value::String(Shuffled(random, a[0].AsString())); });
}

}  // namespace sluice::helm
