// Certificates: sprig's genCA and its kin. A certificate is a struct of two texts in PEM.
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "helm/functions/base64.h"
#include "helm/functions/chance.h"
#include "helm/functions/private_key.h"
#include "helm/functions/registry.h"
#include "helm/template/print.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;
using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

constexpr int kRsaBits = 2048;
constexpr std::string_view kType = "sprig.certificate";

class CertificateObject final : public Object {
 public:
  CertificateObject(std::string cert, std::string key) : cert_(std::move(cert)), key_(std::move(key)) {}
  std::string TypeName() const override { return std::string(kType); }
  std::optional<Value> Field(std::string_view name) const override {
    if (name == "Cert") return Value::String(cert_);
    if (name == "Key") return Value::String(key_);
    return std::nullopt;
  }
  std::vector<std::pair<std::string, Value>> Fields() const override {
    return {{"Cert", Value::String(cert_)}, {"Key", Value::String(key_)}};
  }
  bool Equals(const Object& other) const override {
    const auto* certificate = dynamic_cast<const CertificateObject*>(&other);
    return certificate != nullptr && certificate->cert_ == cert_ && certificate->key_ == key_;
  }
  const std::string& cert() const { return cert_; }
  const std::string& key() const { return key_; }

 private:
  std::string cert_, key_;
};

struct FreeStack {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
using Names = std::unique_ptr<GENERAL_NAMES, FreeStack>;

/// What a certificate is to say, whoever signs it.
struct Request {
  std::string common_name;
  std::int64_t days = 0;
  Names names;
  bool is_ca = false;
};

void AddName(GENERAL_NAMES* names, int kind, ASN1_STRING* text, std::string_view bytes) {
  ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, kind, text);
  sk_GENERAL_NAME_push(names, name);
}

Result<std::string> IpBytes(const std::string& text) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 4);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 16);
  return Invalid("error parsing ip: " + text);
}

Result<Names> AlternativeNames(const Value& ips, const Value& hosts) {
  Names names(GENERAL_NAMES_new());
  std::vector<std::string> addresses;
  for (std::size_t i = 0; ips.IsList() && i < LengthOf(ips); ++i) {
    const Value ip = ElementOf(ips, i);
    if (!ip.IsString()) return Invalid("error parsing ip: " + Sprint(ip) + " is not a string");
    TRY(std::string address, IpBytes(ip.AsString()));
    addresses.push_back(std::move(address));
  }
  for (std::size_t i = 0; hosts.IsList() && i < LengthOf(hosts); ++i) {
    const Value host = ElementOf(hosts, i);
    if (!host.IsString()) return Invalid("error processing alternate dns name: " + Sprint(host) + " is not a string");
    AddName(names.get(), GEN_DNS, ASN1_IA5STRING_new(), host.AsString());
  }
  for (const std::string& address : addresses) AddName(names.get(), GEN_IPADD, ASN1_OCTET_STRING_new(), address);
  return names;
}

Certificate ReadCertificate(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return {d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free};
}

std::string WriteCertificate(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(bio.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void AddExtension(X509* certificate, int nid, const char* value, X509V3_CTX* context) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, context, nid, value);
  if (extension == nullptr) return;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

class Authority {
 public:
  explicit Authority(const FunctionOptions& options) : options_(options) {}

  /// Signs `request` for `key`: by itself without `parent`.
  Result<Value> Issue(const Request& request, const Key& key, const Certificate& parent, const Key& parent_key) const {
    const Certificate certificate(X509_new(), X509_free);
    X509* const raw = certificate.get();
    X509_set_version(raw, X509_VERSION_3);
    SetSerial(raw);
    const std::time_t now = std::chrono::system_clock::to_time_t(options_.now());
    ASN1_TIME_set(X509_getm_notBefore(raw), now);
    ASN1_TIME_adj(X509_getm_notAfter(raw), now, static_cast<int>(request.days), 0);
    X509_NAME* name = X509_get_subject_name(raw);
    if (!request.common_name.empty()) {
      X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(request.common_name.data()),
                                 static_cast<int>(request.common_name.size()), -1, 0);
    }
    X509_set_issuer_name(raw, parent ? X509_get_subject_name(parent.get()) : name);
    X509_set_pubkey(raw, key.get());
    AddExtensions(raw, request, parent ? parent.get() : raw);
    EVP_PKEY* const signer = parent ? parent_key.get() : key.get();
    const bool pure = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
    if (X509_sign(raw, signer, pure ? nullptr : EVP_sha256()) == 0)
      return Invalid("error creating certificate: x509: cannot sign with this key");
    return Value::Of(MakeRef<CertificateObject>(WriteCertificate(raw), WritePrivateKey(key.get())));
  }

 private:
  void SetSerial(X509* certificate) const {
    const std::string bytes = RandomBytes(options_.random, 16);
    BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
  }

  static void AddExtensions(X509* certificate, const Request& request, X509* issuer) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    AddExtension(certificate, NID_key_usage,
                 request.is_ca ? "critical,digitalSignature,keyEncipherment,keyCertSign" : "critical,digitalSignature,keyEncipherment",
                 &context);
    AddExtension(certificate, NID_ext_key_usage, "serverAuth,clientAuth", &context);
    AddExtension(certificate, NID_basic_constraints, request.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE", &context);
    if (request.is_ca) AddExtension(certificate, NID_subject_key_identifier, "hash", &context);
    if (issuer != certificate) AddExtension(certificate, NID_authority_key_identifier, "keyid", &context);
    if (request.names && sk_GENERAL_NAME_num(request.names.get()) > 0) {
      X509_add1_ext_i2d(certificate, NID_subject_alt_name, request.names.get(), 0, X509V3_ADD_DEFAULT);
    }
  }

  FunctionOptions options_;
};

Result<Key> NewKey() {
  Key key(NewRsaKey(kRsaBits));
  if (!key) return Invalid("error generating rsa key: openssl");
  return key;
}

Result<Key> GivenKey(const Value& pem) {
  auto key = ParsePrivateKey(pem.AsString());
  if (!key) return std::move(key.error()).Wrap("parsing private key");
  return key;
}

Result<Request> RequestOf(Arguments a, std::size_t days, bool with_names) {
  Request request{.common_name = a[0].AsString(), .days = a[days].AsSigned()};
  if (with_names) {
    TRY(request.names, AlternativeNames(a[1], a[2]));
  }
  return request;
}

Result<Value> GenerateCa(const Authority& authority, Arguments a, const Result<Key>& key) {
  if (!key) return key.error();
  TRY(Request request, RequestOf(a, 1, false));
  request.is_ca = true;
  return authority.Issue(request, *key, nullptr, nullptr);
}

Result<Value> GenerateSelfSigned(const Authority& authority, Arguments a, const Result<Key>& key) {
  if (!key) return key.error();
  TRY(const Request request, RequestOf(a, 3, true));
  return authority.Issue(request, *key, nullptr, nullptr);
}

Result<Value> GenerateSigned(const Authority& authority, Arguments a, const Result<Key>& key) {
  if (!key) return key.error();
  const auto* ca = a[4].IsObject() ? dynamic_cast<const CertificateObject*>(a[4].object()) : nullptr;
  std::string type, der;
  if (ca == nullptr || !FirstPemBlock(ca->cert(), type, der)) return Invalid("unable to decode certificate");
  const Certificate parent = ReadCertificate(der);
  if (!parent) return Invalid("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate");
  auto parent_key = ParsePrivateKey(ca->key());
  if (!parent_key) return std::move(parent_key.error()).Wrap("error parsing private key");
  TRY(const Request request, RequestOf(a, 3, true));
  return authority.Issue(request, *key, parent, *parent_key);
}

Result<Value> BuildCustom(Arguments a) {
  const auto cert = Base64Decode(a[0].AsString());
  if (!cert) return Invalid("unable to decode base64 certificate");
  const auto key = Base64Decode(a[1].AsString());
  if (!key) return Invalid("unable to decode base64 private key");
  std::string type, der;
  if (!FirstPemBlock(*cert, type, der)) return Invalid("unable to decode certificate");
  if (!ReadCertificate(der)) return Invalid("error parsing certificate: decodedCert.Bytes: x509: malformed certificate");
  if (auto parsed = ParsePrivateKey(*key); !parsed) return std::move(parsed.error()).Wrap("error parsing private key");
  return Value::Of(MakeRef<CertificateObject>(*cert, *key));
}

PrivateKey NewDsaKey() {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY *parameters = nullptr, *key = nullptr;
  EVP_PKEY_paramgen_init(context.get());
  EVP_PKEY_CTX_set_dsa_paramgen_bits(context.get(), 2048);
  EVP_PKEY_CTX_set_dsa_paramgen_q_bits(context.get(), 256);
  EVP_PKEY_paramgen(context.get(), &parameters);
  const PrivateKey owned(parameters);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> generator(EVP_PKEY_CTX_new(parameters, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY_keygen_init(generator.get());
  EVP_PKEY_keygen(generator.get(), &key);
  return PrivateKey(key);
}

std::string GenerateKey(const std::string& type) {
  PrivateKey key;
  if (type.empty() || type == "rsa") {
    key = NewRsaKey(4096);
  } else if (type == "dsa") {
    key = NewDsaKey();
  } else if (type == "ecdsa") {
    key.reset(EVP_EC_gen("P-256"));
  } else if (type == "ed25519") {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  } else {
    return "Unknown type " + type;
  }
  return key ? WritePrivateKey(key.get()) : "failed to generate private key: openssl";
}

}  // namespace

void AddCertificates(FunctionMap& map, const FunctionOptions& options) {
  static constexpr Parameter kCertificate{.type = ParameterType::Object, .object = kType};
  const auto authority = std::make_shared<const Authority>(options);
  Add(map, {"genCA"}, {kString, kInt}, [authority](Arguments a) { return GenerateCa(*authority, a, NewKey()); });
  Add(map, {"genCAWithKey"}, {kString, kInt, kString}, [authority](Arguments a) { return GenerateCa(*authority, a, GivenKey(a[2])); });
  Add(map, {"genSelfSignedCert"}, {kString, kList, kList, kInt},
      [authority](Arguments a) { return GenerateSelfSigned(*authority, a, NewKey()); });
  Add(map, {"genSelfSignedCertWithKey"}, {kString, kList, kList, kInt, kString},
      [authority](Arguments a) { return GenerateSelfSigned(*authority, a, GivenKey(a[4])); });
  Add(map, {"genSignedCert"}, {kString, kList, kList, kInt, kCertificate},
      [authority](Arguments a) { return GenerateSigned(*authority, a, NewKey()); });
  Add(map, {"genSignedCertWithKey"}, {kString, kList, kList, kInt, kCertificate, kString},
      [authority](Arguments a) { return GenerateSigned(*authority, a, GivenKey(a[5])); });
  Add(map, {"buildCustomCert"}, {kString, kString}, BuildCustom);
  Add(map, {"genPrivateKey"}, {kString}, [](Arguments a) { return Value::String(GenerateKey(a[0].AsString())); });
}

}  // namespace sluice::helm
