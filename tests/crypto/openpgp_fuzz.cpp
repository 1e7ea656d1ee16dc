// Bytes from outside as key ring, signature and message, under small budgets: an answer or an error, and no signature by nobody.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/openpgp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;  // NOLINT: a fuzz target
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const base::TimePoint now{std::chrono::seconds(1'705'000'000)};
  const crypto::OpenPgpLimits limits{.max_plain_bytes = 1u << 16};
  // Two parts, where a line of three equals signs divides them: a ring, and what it is to judge.
  const std::size_t cut = text.find("\n===\n");
  const std::string_view ring = cut == std::string_view::npos ? text : text.substr(0, cut);
  const std::string_view rest = cut == std::string_view::npos ? text : text.substr(cut + 5);
  if ((data[0] & 1) != 0) {
    (void)crypto::Decrypt(rest, {&ring, 1}, now, limits);
    return 0;
  }
  if (crypto::VerifyDetached({}, "message", rest, now, limits)) std::abort();
  const auto signer = crypto::VerifyDetached({&ring, 1}, "message", rest, now, limits);
  if (signer && signer->fingerprint.size() != 40) std::abort();
  return 0;
}
