// bcrypt and htpasswd, derivePassword (Master Password, version 0), AES with a password.
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstring>
#include <ctime>
#include <memory>

#include "helm/functions/base64.h"
#include "helm/functions/chance.h"
#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

std::string Bcrypt(const RandomSource& random, const std::string& password) {
  constexpr std::size_t kMaxPassword = 72;
  constexpr unsigned long kCost = 10;
  const std::string failed = "failed to encrypt string with bcrypt: ";
  if (password.size() > kMaxPassword) return failed + "bcrypt: password length exceeds 72 bytes";
  const std::string salt = RandomBytes(random, 16);
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (crypt_gensalt_rn("$2a$", kCost, salt.data(), static_cast<int>(salt.size()), setting.data(), static_cast<int>(setting.size())) ==
      nullptr) {
    return failed + "no salt";
  }
  const auto data = std::make_unique<crypt_data>();
  const char* hash = crypt_rn(password.c_str(), setting.data(), data.get(), static_cast<int>(sizeof(crypt_data)));
  return hash == nullptr ? failed + "not supported" : std::string(hash);
}

// derivePassword.

struct Templates {
  std::string_view type;
  std::vector<std::string_view> templates;
};

const std::vector<Templates>& AllTemplates() {
  static const std::vector<Templates> kAll = {
      {"maximum", {"anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"}},
      {"long",
       {"CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv", "CvccCvcvnoCvcv", "CvccCvcvCvcvno", "CvcvnoCvccCvcv",
        "CvcvCvccnoCvcv", "CvcvCvccCvcvno", "CvcvnoCvcvCvcc", "CvcvCvcvnoCvcc", "CvcvCvcvCvccno", "CvccnoCvccCvcv", "CvccCvccnoCvcv",
        "CvccCvccCvcvno", "CvcvnoCvccCvcc", "CvcvCvccnoCvcc", "CvcvCvccCvccno", "CvccnoCvcvCvcc", "CvccCvcvnoCvcc", "CvccCvcvCvccno"}},
      {"medium", {"CvcnoCvc", "CvcCvcno"}},
      {"short", {"Cvcn"}},
      {"basic", {"aaanaaan", "aannaaan", "aaannaaa"}},
      {"pin", {"nnnn"}},
  };
  return kAll;
}

std::string_view CharactersOf(char element) {
  switch (element) {
    case 'V': return "AEIOU";
    case 'C': return "BCDFGHJKLMNPQRSTVWXYZ";
    case 'v': return "aeiou";
    case 'c': return "bcdfghjklmnpqrstvwxyz";
    case 'A': return "AEIOUBCDFGHJKLMNPQRSTVWXYZ";
    case 'a': return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    case 'n': return "0123456789";
    case 'o': return "@&%?,=[]_:-+*$#!'^~;()/.";
    default: return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()";
  }
}

void AppendBigEndian(std::string& out, std::size_t number) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((number >> shift) & 0xFF);
}

std::string DerivePassword(std::uint64_t counter, const std::string& type, const std::string& password, const std::string& user,
                           const std::string& site) {
  const Templates* found = nullptr;
  for (const Templates& row : AllTemplates()) {
    if (row.type == type) found = &row;
  }
  if (found == nullptr) return "cannot find password template " + type;
  constexpr std::string_view kScope = "com.lyndir.masterpassword";
  std::string salt(kScope);
  AppendBigEndian(salt, user.size());
  salt += user;
  std::array<unsigned char, 64> key{};
  constexpr std::uint64_t kN = 32768, kR = 8, kP = 2, kMaxMemory = 256u << 20;
  if (EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), kN, kR, kP,
                     kMaxMemory, key.data(), key.size()) != 1) {
    return "failed to derive password: scrypt";
  }
  std::string message(kScope);
  AppendBigEndian(message, site.size());
  message += site;
  AppendBigEndian(message, static_cast<std::size_t>(counter));
  std::array<unsigned char, EVP_MAX_MD_SIZE> seed{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()), message.size(),
       seed.data(), &size);
  const std::string_view chosen = found->templates[seed[0] % found->templates.size()];
  std::string out;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const std::string_view characters = CharactersOf(chosen[i]);
    out += characters[seed[i + 1] % characters.size()];
  }
  return out;
}

// AES-256-CBC: the key is the password's bytes, cut or filled with zeros; the text begins with the initialization vector.

constexpr std::size_t kBlock = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

/// `input` of whole blocks through the cipher.
std::string RunCipher(const std::string& password, std::string_view iv, std::string_view input, bool encrypt) {
  std::array<unsigned char, 32> key{};
  std::memcpy(key.data(), password.data(), std::min(password.size(), key.size()));
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  EVP_CipherInit_ex(context.get(), EVP_aes_256_cbc(), nullptr, key.data(), reinterpret_cast<const unsigned char*>(iv.data()),
                    encrypt ? 1 : 0);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  std::string out(input.size() + kBlock, '\0');
  int size = 0;
  EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, reinterpret_cast<const unsigned char*>(input.data()),
                   static_cast<int>(input.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string Encrypt(const RandomSource& random, const std::string& password, std::string text) {
  if (text.empty()) return {};
  const std::size_t padding = kBlock - text.size() % kBlock;
  text.append(padding, static_cast<char>(padding));
  const std::string iv = RandomBytes(random, kBlock);
  return Base64Encode(iv + RunCipher(password, iv, text, true));
}

Result<Value> Decrypt(const std::string& password, const std::string& text) {
  if (text.empty()) return Value::String("");
  TRY(const std::string bytes, Base64Decode(text));
  if (bytes.size() < kBlock)
    return Invalid("runtime error: slice bounds out of range [:16] with capacity " + std::to_string(text.size() / 4 * 3));
  if (bytes.size() % kBlock != 0) return Invalid("crypto/cipher: input not full blocks");
  if (bytes.size() == kBlock) return Invalid("runtime error: index out of range [-1]");
  std::string out = RunCipher(password, std::string_view(bytes).substr(0, kBlock), std::string_view(bytes).substr(kBlock), false);
  const auto padding = static_cast<std::size_t>(static_cast<unsigned char>(out.back()));
  if (padding > out.size()) return Invalid("runtime error: slice bounds out of range [:-" + std::to_string(padding - out.size()) + "]");
  out.resize(out.size() - padding);
  return Value::String(std::move(out));
}

}  // namespace

void LoadLibraries() {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const std::string salt(16, 'x');
  (void)crypt_gensalt_rn("$2a$", 4, salt.data(), static_cast<int>(salt.size()), setting.data(), static_cast<int>(setting.size()));
  (void)EVP_sha256();
  tzset();  // gmtime_r, which the times of certificates go through, reads /etc/localtime once
}

void AddPasswords(FunctionMap& map, const FunctionOptions& options) {
  const RandomSource random = options.random;
  Add(map, {"bcrypt"}, {kString}, [random](Arguments a) { return Value::String(Bcrypt(random, a[0].AsString())); });
  Add(map, {"htpasswd"}, {kString, kString}, [random](Arguments a) {
    const std::string& user = a[0].AsString();
    if (user.find(':') != std::string::npos) return Value::String("invalid username: " + user);
    return Value::String(user + ":" + Bcrypt(random, a[1].AsString()));
  });
  Add(map, {"derivePassword"}, {kUint32, kString, kString, kString, kString}, [](Arguments a) {
    return Value::String(DerivePassword(a[0].AsUnsigned(), a[1].AsString(), a[2].AsString(), a[3].AsString(), a[4].AsString()));
  });
  Add(map, {"encryptAES"}, {kString, kString},
      [random](Arguments a) { return TextResult(Encrypt(random, a[0].AsString(), a[1].AsString())); });
  Add(map, {"decryptAES"}, {kString, kString}, [](Arguments a) { return Decrypt(a[0].AsString(), a[1].AsString()); });
}

}  // namespace sluice::helm
