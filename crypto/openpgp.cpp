#include "crypto/openpgp.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::crypto {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::NotFound;
using base::Reason;
using base::Result;

template <class Handle, auto kDestroy>
struct Destroy {
  using pointer = Handle;
  void operator()(Handle handle) const { kDestroy(handle); }
};
template <class Handle, auto kDestroy>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Destroy<Handle, kDestroy>>;

using Ffi = Owned<rnp_ffi_t, rnp_ffi_destroy>;
using Input = Owned<rnp_input_t, rnp_input_destroy>;
using Output = Owned<rnp_output_t, rnp_output_destroy>;
using Operation = Owned<rnp_op_verify_t, rnp_op_verify_destroy>;
using Key = Owned<rnp_key_handle_t, rnp_key_handle_destroy>;
using Signature = Owned<rnp_signature_handle_t, rnp_signature_handle_destroy>;

Error Broken(std::string_view what) { return MakeError(Reason::Internal, "OpenPGP: " + std::string(what)); }

// The text that `get(handle, &text)` makes, "" where it makes none.
template <class Handle, class Get>
std::string Text(Handle handle, Get get) {
  char* text = nullptr;
  if (get(handle, &text) != RNP_SUCCESS || text == nullptr) return "";
  std::string copy(text);
  rnp_buffer_destroy(text);
  return copy;
}

template <class Handle, class Get>
bool Flag(Handle handle, Get get) {
  bool flag = false;
  return get(handle, &flag) == RNP_SUCCESS && flag;
}

bool ReadNothing(void*, void*, std::size_t, std::size_t* read) {
  *read = 0;
  return true;
}

Result<Input> OpenInput(std::string_view bytes) {
  rnp_input_t input = nullptr;
  // RNP takes no empty buffer, and a signature over nothing is a signature.
  const rnp_result_t code = bytes.empty()
                                ? rnp_input_from_callback(&input, ReadNothing, nullptr, nullptr)
                                : rnp_input_from_memory(&input, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), false);
  if (code != RNP_SUCCESS) return Broken("no memory for an input");
  return Input(input);
}

// What an operation writes, up to a limit; overwritten before its memory is given back.
struct Sink {
  explicit Sink(std::size_t limit) : max_bytes(limit) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() { rnp_buffer_clear(bytes.data(), bytes.size()); }
  static bool Write(void* self, const void* data, std::size_t size) {
    auto& sink = *static_cast<Sink*>(self);
    sink.over |= size > sink.max_bytes - sink.bytes.size();
    if (!sink.over) sink.bytes.append(static_cast<const char*>(data), size);
    return !sink.over;
  }

  std::string bytes;
  const std::size_t max_bytes;
  bool over = false;
};

// No password is ever known, so nothing is derived from one.
bool NoPassword(rnp_ffi_t, void*, rnp_key_handle_t, const char*, char*, std::size_t) { return false; }

Error Over(std::string_view what, std::size_t size, std::size_t limit) {
  return MakeError(Reason::TooLarge,
                   std::string(what) + ": " + std::to_string(size) + " bytes, at most " + std::to_string(limit) + " are read");
}

Result<void> Import(rnp_ffi_t ffi, std::string_view ring, std::uint32_t kinds, const OpenPgpLimits& limits) {
  if (ring.empty()) return Invalid("no OpenPGP key");
  if (ring.size() > limits.max_key_bytes) return Over("OpenPGP keys", ring.size(), limits.max_key_bytes);
  TRY(const Input input, OpenInput(ring));
  char* report = nullptr;
  const rnp_result_t code = rnp_import_keys(ffi, input.get(), kinds | RNP_LOAD_SAVE_PERMISSIVE, &report);
  // `{"keys":[…]}`: a key is an object of its own in the list.
  const bool any = report != nullptr && std::strchr(report, '{') != nullptr && std::strstr(report, "fingerprint") != nullptr;
  rnp_buffer_destroy(report);
  if (code != RNP_SUCCESS || !any) return Invalid("no OpenPGP key");
  return {};
}

// A ring in memory of all the keys, whose now is `now`.
Result<Ffi> Open(std::span<const std::string_view> rings, std::uint32_t kinds, base::TimePoint now, const OpenPgpLimits& limits) {
  if (rings.size() > limits.max_key_rings) {
    return MakeError(Reason::TooLarge,
                     std::to_string(rings.size()) + " OpenPGP key rings, at most " + std::to_string(limits.max_key_rings) + " are read");
  }
  rnp_ffi_t raw = nullptr;
  if (rnp_ffi_create(&raw, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) != RNP_SUCCESS) return Broken("no memory for a key ring");
  Ffi ffi(raw);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (seconds <= 0 || rnp_set_timestamp(raw, static_cast<std::uint64_t>(seconds)) != RNP_SUCCESS) return Broken("no such time");
  if (rnp_ffi_set_pass_provider(raw, NoPassword, nullptr) != RNP_SUCCESS) return Broken("no password provider");
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (Result<void> imported = Import(raw, rings[i], kinds, limits); !imported) {
      return std::move(imported).error().Wrap("key ring " + std::to_string(i + 1));
    }
  }
  return ffi;
}

Key KeyBy(rnp_ffi_t ffi, const char* kind, const std::string& id) {
  rnp_key_handle_t key = nullptr;
  if (id.empty() || rnp_locate_key(ffi, kind, id.c_str(), &key) != RNP_SUCCESS) return nullptr;
  return Key(key);
}

// The certificate that `key` belongs to: itself, or the primary key of a subkey.
Key Primary(rnp_ffi_t ffi, rnp_key_handle_t key) {
  return KeyBy(ffi, "fingerprint", Text(key, Flag(key, rnp_key_is_sub) ? rnp_key_get_primary_fprint : rnp_key_get_fprint));
}

// Why nobody may rely on `key` now; nullopt if one may.
std::optional<std::string> WhyUnusable(rnp_key_handle_t key) {
  const std::string id = Text(key, rnp_key_get_keyid);
  if (Flag(key, rnp_key_is_revoked)) return "key " + id + " is revoked";
  if (Flag(key, rnp_key_is_expired)) return "key " + id + " is expired";
  if (!Flag(key, rnp_key_is_valid)) return "key " + id + " has no valid self-signature";
  return std::nullopt;
}

bool IsWeak(std::string_view hash) { return hash == "MD5" || hash == "SHA1" || hash == "RIPEMD160"; }

// One signature judged: its signer, or why it does not count.
Result<OpenPgpSigner> Judge(rnp_ffi_t ffi, rnp_op_verify_signature_t signature) {
  const rnp_result_t status = rnp_op_verify_signature_get_status(signature);
  rnp_signature_handle_t raw = nullptr;
  if (rnp_op_verify_signature_get_handle(signature, &raw) != RNP_SUCCESS) return Invalid("signature: not readable");
  const Signature handle(raw);
  const std::string key_id = Text(raw, rnp_signature_get_keyid);
  const auto refused = [](std::string why) { return MakeError(Reason::Unauthorized, std::move(why)); };
  rnp_key_handle_t raw_key = nullptr;
  const rnp_result_t found = rnp_op_verify_signature_get_key(signature, &raw_key);
  const Key key(found == RNP_SUCCESS ? raw_key : nullptr);
  if (!key) return NotFound("no key for signature by " + (key_id.empty() ? std::string("an unnamed key") : key_id));
  if (const std::string hash = Text(signature, rnp_op_verify_signature_get_hash); IsWeak(hash)) {
    return refused("signature by " + key_id + " uses " + hash + ", which is too weak");
  }
  const Key primary = Primary(ffi, key.get());
  if (!primary) return refused("key " + key_id + " belongs to no certificate");
  for (rnp_key_handle_t each : {primary.get(), key.get()}) {
    if (auto why = WhyUnusable(each)) return refused("signature by " + key_id + ": " + *why);
  }
  if (!Flag(key.get(), [](rnp_key_handle_t k, bool* may) { return rnp_key_allows_usage(k, "sign", may); })) {
    return refused("signature by " + key_id + ": the key may not sign");
  }
  if (status == RNP_ERROR_SIGNATURE_EXPIRED) return refused("signature by " + key_id + " is expired");
  if (status != RNP_SUCCESS) return refused("bad signature by " + key_id);
  return OpenPgpSigner{.key_id = Text(key.get(), rnp_key_get_keyid),
                       .fingerprint = Text(key.get(), rnp_key_get_fprint),
                       .primary_key_id = Text(primary.get(), rnp_key_get_keyid),
                       .primary_fingerprint = Text(primary.get(), rnp_key_get_fprint),
                       .user_id = Text(primary.get(), rnp_key_get_primary_uid)};
}

// The recipients that the message names, and whether one of them has a private key here that a passphrase locks.
struct Recipients {
  std::vector<std::string> without_key;
  bool any = false;
  bool locked = false;
};

Recipients LookAt(rnp_ffi_t ffi, rnp_op_verify_t operation) {
  Recipients recipients;
  std::size_t count = 0;
  if (rnp_op_verify_get_recipient_count(operation, &count) != RNP_SUCCESS) return recipients;
  for (std::size_t i = 0; i < count; ++i) {
    rnp_recipient_handle_t recipient = nullptr;
    if (rnp_op_verify_get_recipient_at(operation, i, &recipient) != RNP_SUCCESS) continue;
    recipients.any = true;
    const std::string id = Text(recipient, rnp_recipient_get_keyid);
    const Key key = KeyBy(ffi, "keyid", id);
    if (key && Flag(key.get(), rnp_key_have_secret)) {
      recipients.locked |= Flag(key.get(), rnp_key_is_protected);
    } else if (recipients.without_key.size() < 10) {  // as many as a message can bear
      recipients.without_key.push_back(id);
    }
  }
  return recipients;
}

Error WhyNotDecrypted(rnp_ffi_t ffi, rnp_op_verify_t operation, rnp_result_t code) {
  const Recipients recipients = LookAt(ffi, operation);
  std::size_t passwords = 0;
  rnp_op_verify_get_symenc_count(operation, &passwords);
  if (!recipients.any && passwords > 0) return Invalid("message: encrypted with a passphrase, not to a key");
  if (!recipients.any) return Invalid("message: not an OpenPGP message");
  if (recipients.locked) return MakeError(Reason::Unauthorized, "the private key has a passphrase");
  if (code == RNP_ERROR_NO_SUITABLE_KEY && !recipients.without_key.empty()) {
    std::string ids;
    for (const std::string& id : recipients.without_key) ids += (ids.empty() ? "" : ", ") + id;
    return NotFound("no private key for recipient " + ids);
  }
  return MakeError(Reason::Unauthorized, "message: damaged or altered");
}

}  // namespace

Result<OpenPgpSigner> VerifyDetached(std::span<const std::string_view> key_rings, std::string_view message, std::string_view signature,
                                     base::TimePoint now, const OpenPgpLimits& limits) {
  if (message.size() > limits.max_message_bytes) return Over("signed message", message.size(), limits.max_message_bytes);
  if (signature.size() > limits.max_signature_bytes) return Over("signature", signature.size(), limits.max_signature_bytes);
  TRY(const Ffi ffi, Open(key_rings, RNP_LOAD_SAVE_PUBLIC_KEYS, now, limits));
  TRY(const Input signed_bytes, OpenInput(message));
  TRY(const Input signature_bytes, OpenInput(signature));
  rnp_op_verify_t raw = nullptr;
  if (rnp_op_verify_detached_create(&raw, ffi.get(), signed_bytes.get(), signature_bytes.get()) != RNP_SUCCESS) return Broken("verify");
  const Operation operation(raw);
  const rnp_result_t code = rnp_op_verify_execute(raw);
  std::size_t count = 0;
  if (rnp_op_verify_get_signature_count(raw, &count) != RNP_SUCCESS || count == 0) return Invalid("signature: not an OpenPGP signature");
  std::optional<Error> first;
  for (std::size_t i = 0; i < count; ++i) {
    rnp_op_verify_signature_t each = nullptr;
    if (rnp_op_verify_get_signature_at(raw, i, &each) != RNP_SUCCESS) continue;
    Result<OpenPgpSigner> signer = Judge(ffi.get(), each);
    if (signer && code == RNP_SUCCESS) return signer;
    if (signer) return Invalid("signature: not an OpenPGP signature");
    // What a known key says against itself tells more than that another key is unknown.
    if (!first || first->reason == Reason::NotFound) first = std::move(signer).error();
  }
  return first ? *std::move(first) : Invalid("signature: not an OpenPGP signature");
}

Result<void> CheckKeyRing(std::string_view ring, base::TimePoint now, const OpenPgpLimits& limits) {
  TRY(const Ffi ffi, Open({}, 0, now, limits));
  return Import(ffi.get(), ring, RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS, limits);
}

Result<std::string> Decrypt(std::string_view message, std::span<const std::string_view> key_rings, base::TimePoint now,
                            const OpenPgpLimits& limits) {
  if (message.size() > limits.max_message_bytes) return Over("message", message.size(), limits.max_message_bytes);
  TRY(const Ffi ffi, Open(key_rings, RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS, now, limits));
  TRY(const Input input, OpenInput(message));
  Sink sink(limits.max_plain_bytes);
  rnp_output_t raw_output = nullptr;
  if (rnp_output_to_callback(&raw_output, Sink::Write, nullptr, &sink) != RNP_SUCCESS) return Broken("no memory for an output");
  const Output output(raw_output);
  rnp_op_verify_t raw = nullptr;
  if (rnp_op_verify_create(&raw, ffi.get(), input.get(), raw_output) != RNP_SUCCESS) return Broken("decrypt");
  const Operation operation(raw);
  rnp_op_verify_set_flags(raw, RNP_VERIFY_IGNORE_SIGS_ON_DECRYPT);
  const rnp_result_t code = rnp_op_verify_execute(raw);
  if (sink.over) return MakeError(Reason::TooLarge, "message: says more than " + std::to_string(sink.max_bytes) + " bytes");
  if (code != RNP_SUCCESS) return WhyNotDecrypted(ffi.get(), raw, code);
  char* mode = nullptr;
  bool whole = false;
  if (rnp_op_verify_get_protection_info(raw, &mode, nullptr, &whole) != RNP_SUCCESS || mode == nullptr) return Broken("protection");
  const std::string_view protection = mode;
  Result<std::string> result = sink.bytes;
  if (protection == "none") {
    result = Invalid("message: not encrypted");
  } else if (!whole) {
    result = MakeError(Reason::Unauthorized, "message: has no integrity protection");
  }
  rnp_buffer_destroy(mode);
  return result;
}

}  // namespace sluice::crypto
