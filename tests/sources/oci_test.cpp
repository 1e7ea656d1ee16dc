// The pure parts of reading registries: names, logins, manifests, challenges, tags, signatures.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/parser_limits.h"
#include "sources/oci/client.h"
#include "sources/oci/cosign.h"
#include "sources/oci/docker_config.h"
#include "sources/oci/manifest.h"
#include "sources/oci/name.h"
#include "sources/oci/tags.h"
#include "tests/sources/fixture.h"

namespace sluice::sources::oci {
namespace {

TEST(OciName, UrlsBecomeRepositories) {
  struct Row {
    std::string url, want;
  };
  const Row rows[] = {
      {"oci://ghcr.io/org/app", "ghcr.io/org/app"},
      {"oci://localhost:5000/app", "localhost:5000/app"},
      {"oci://localhost/app", "localhost/app"},
      {"oci://[::1]:5000/org/app", "[::1]:5000/org/app"},
      {"oci://docker.io/envoyproxy/gateway-helm", "index.docker.io/envoyproxy/gateway-helm"},
      {"oci://docker.io/nginx", "index.docker.io/library/nginx"},
      {"oci://org/app", "index.docker.io/org/app"},
      {"https://ghcr.io/org/app", "URL must be in format 'oci://<domain>/<org>/<repo>'"},
      {"oci://ghcr.io/org/app:1.0", "URL must not contain a tag; remove ':1.0'"},
      {"oci://ghcr.io/org/app@sha256:ab", "URL must not contain a digest; remove '@sha256:ab'"},
      {"oci://ghcr.io/Org/app", "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: Org/app"},
      {"oci://ghcr.io/a", "repository must be between 2 and 255 characters in length: a"},
      {"oci://ghcr.io/org/../app", "repository is not a path of names: org/../app"},
      {"oci://ghcr.io/org//app", "repository is not a path of names: org//app"},
      {"oci://user@ghcr.io/org/app", "registries must be valid RFC 3986 URI authorities: user@ghcr.io"},
      {"oci://ghcr.io?x/org/app", "registries must be valid RFC 3986 URI authorities: ghcr.io?x"},
  };
  for (const Row& row : rows) {
    const auto parsed = ParseRepositoryUrl(row.url);
    EXPECT_EQ(parsed ? parsed->ToString() : parsed.error().message, row.want) << row.url;
  }
}

TEST(OciName, TagsDigestsAndPlacesNearby) {
  for (const std::string_view good : {"latest", "1.2.3", "_x", "v1.0.0_build.1"}) EXPECT_TRUE(IsTag(good)) << good;
  for (const std::string_view bad : {"", ".x", "-x", "a/b", "a:b", "a b", "a\n"}) EXPECT_FALSE(IsTag(bad)) << bad;
  EXPECT_FALSE(IsTag(std::string(129, 'a')));
  const std::string hex(64, 'a');
  EXPECT_TRUE(IsDigest("sha256:" + hex));
  for (const std::string& bad : {"sha256:" + hex.substr(1), "sha256:" + hex + "a", "sha512:" + hex, "sha256:" + std::string(64, 'A'), hex})
    EXPECT_FALSE(IsDigest(bad)) << bad;
  for (const std::string_view near :
       {"localhost:5000", "127.0.0.1:1", "10.1.2.3", "192.168.0.1:5000", "172.16.0.1", "registry.local", "[::1]:5000"})
    EXPECT_TRUE(IsLocalRegistry(near)) << near;
  for (const std::string_view far : {"ghcr.io", "8.8.8.8", "172.32.0.1", "10.example.com", "127.0.0.1.example.com", "local"})
    EXPECT_FALSE(IsLocalRegistry(far)) << far;
}

DockerConfig Config(const std::string& json) {
  DockerConfig out;
  const auto added = out.Add({{".dockerconfigjson", json}});
  EXPECT_TRUE(added) << MessageOf(added);
  return out;
}

TEST(OciDockerConfig, WhichEntryIsForWhichRegistry) {
  const auto entry = [](const std::string& key, const std::string& user) {
    return "\"" + key + "\": {\"auth\": \"" + base::Base64Encode(user + ":secret:word") + "\"}";
  };
  const DockerConfig config =
      Config("{\"auths\": {" + entry("https://index.docker.io/v1/", "hub") + "," + entry("ghcr.io", "hosts") + "," +
             entry("ghcr.io/org/app", "longest") + "," + entry("*.azurecr.io", "any") + "," + entry("10.0.0.1:5000", "port") + "}}");
  struct Row {
    std::string registry, repository, user;
  };
  const Row rows[] = {
      {"index.docker.io", "library/nginx", "hub"},
      {"ghcr.io", "org/app", "longest"},
      {"ghcr.io", "org/app/deep", "longest"},
      {"ghcr.io", "org/apple", "hosts"},
      {"ghcr.io", "other", "hosts"},
      {"x.azurecr.io", "a/b", "any"},
      {"a.b.azurecr.io", "a/b", ""},
      {"azurecr.io", "a/b", ""},
      {"10.0.0.1:5000", "a", "port"},
      {"10.0.0.1", "a", ""},
      {"evil-ghcr.io", "org/app", ""},
      {"ghcr.io.evil.com", "org/app", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(config.LoginFor(row.registry, row.repository).username, row.user) << row.registry << "/" << row.repository;
  }
  EXPECT_EQ(config.LoginFor("ghcr.io", "x").password, "secret:word") << "only the first colon parts";
  EXPECT_TRUE(config.Names("ghcr.io"));
  EXPECT_FALSE(config.Names("x.azurecr.io")) << "a pattern names nobody";
}

TEST(OciDockerConfig, WhatIsNoneHoldsNoSecretsInItsMessage) {
  DockerConfig config;
  EXPECT_EQ(MessageOf(config.Add({{"other", "x"}})), "neither .dockerconfigjson nor .dockercfg is in it");
  EXPECT_EQ(MessageOf(config.Add({{".dockerconfigjson", "canary"}})), "the docker config is not a JSON object");
  EXPECT_EQ(MessageOf(config.Add({{".dockerconfigjson", R"({"auths": {"x": {"auth": "canary!"}}})"}})),
            "the docker config's entry for x: auth is not base64");
  EXPECT_EQ(MessageOf(config.Add({{".dockerconfigjson", R"({"auths": {"x": {"auth": "Y2FuYXJ5"}}})"}})),
            "the docker config's entry for x: auth is not username:password");
  EXPECT_TRUE(config.Add({{".dockercfg", R"({"x.example": {"username": "u", "password": "p"}})"}}));
  EXPECT_EQ(config.LoginFor("x.example", "a").username, "u");
}

TEST(OciClient, T18WhoMayReceiveCredentials) {
  const DockerConfig config = Config(R"({"auths": {"gitlab.example.com": {"username": "u", "password": "p"}}})");
  struct Row {
    std::string registry, realm;
    bool want;
  };
  const Row rows[] = {
      {"https://ghcr.io", "https://ghcr.io/token", true},
      {"https://ghcr.io", "https://ghcr.io:8443/token", true},
      {"https://ghcr.io", "http://ghcr.io/token", false},
      {"https://ghcr.io", "https://ghcr.io.evil.com/token", false},
      {"https://ghcr.io", "https://evil.com/token", false},
      {"https://ghcr.io", "https://user@ghcr.io/token", false},
      {"https://index.docker.io", "https://auth.docker.io/token", true},
      {"https://index.docker.io", "http://auth.docker.io/token", false},
      {"https://ghcr.io", "https://auth.docker.io/token", false},
      {"https://registry.example.com", "https://gitlab.example.com/jwt/auth", true},
      {"https://registry.example.com", "https://gitlab.example.com:444/jwt/auth", false},
      {"https://registry.example.com", "https://other.example.com/jwt/auth", false},
      {"http://127.0.0.1:5000", "http://127.0.0.1:5001/token", true},
      {"http://127.0.0.1:5000", "http://localhost:5001/token", false},
      {"http://127.0.0.1:5000", "http://169.254.169.254/token", false},
      {"https://ghcr.io", "nonsense", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(MayReceiveCredentials(row.registry, row.realm, config), row.want) << row.registry << " " << row.realm;
}

TEST(OciManifest, ReadsAndRefuses) {
  const std::string hex(64, 'a');
  const auto manifest = ParseManifest(R"({"schemaVersion": 2, "layers": [{"mediaType": "t", "digest": "sha256:)" + hex +
                                          R"(", "size": 7, "annotations": {"k": "v"}}], "annotations": {"a": "b", "n": 1}})",
                                      "application/vnd.oci.image.manifest.v1+json; charset=utf-8");
  ASSERT_TRUE(manifest) << MessageOf(manifest);
  EXPECT_FALSE(manifest->is_index);
  EXPECT_EQ(manifest->media_type, "application/vnd.oci.image.manifest.v1+json");
  EXPECT_EQ(manifest->layers[0].size, 7u);
  EXPECT_EQ(manifest->layers[0].annotations.at("k"), "v");
  EXPECT_EQ(manifest->annotations, (std::map<std::string, std::string>{{"a", "b"}}));
  struct Row {
    std::string json, want;
  };
  const Row rows[] = {
      {R"({"schemaVersion": 1})", "manifest: only schemaVersion 2 is supported"},
      {"[]", "manifest: not a JSON object"},
      {R"({"schemaVersion": 2, "layers": [{"digest": "sha256:1", "size": 1}]})", "manifest: a descriptor's digest is not a sha256 digest"},
      {R"({"schemaVersion": 2, "layers": [{"digest": "sha256:)" + hex + R"(", "size": -1}]})",
       "manifest: a descriptor's size is not a number of bytes"},
      {R"({"schemaVersion": 2, "layers": [{"digest": "../../x", "size": 1}]})", "manifest: a descriptor's digest is not a sha256 digest"},
  };
  for (const Row& row : rows) EXPECT_EQ(MessageOf(ParseManifest(row.json, "")), row.want);
  EXPECT_EQ(ReasonOf(ParseManifest(std::string(kMaxManifestBytes + 1, ' '), "")), "TooLarge");
  EXPECT_EQ(MessageOf(ParseManifest(R"({"schemaVersion": 2})", "", 10)), "manifest: 20 bytes of JSON, the limit is 10");
}

TEST(OciManifest, TagsAndTheirNextPage) {
  const auto page = ParseTags(R"({"tags": ["1.0", "bad\ntag", 7, "v2", "a{{b"]})", R"(</v2/x/tags/list?last=v2&n=2>; rel="next")");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->tags, (std::vector<std::string>{"1.0", "v2"})) << "what is no tag by the grammar is left out";
  EXPECT_EQ(page->next, "/v2/x/tags/list?last=v2&n=2");
  EXPECT_EQ(ParseTags(R"({"tags": null})", "<x>; rel=\"prev\"")->next, "");
}

TEST(OciManifest, Challenges) {
  const auto shown = [](std::string_view header) {
    const auto challenge = ParseChallenge(header);
    return !challenge ? "none"
                      : (challenge->bearer ? "bearer " : "basic ") + challenge->realm + " " + challenge->service + " " + challenge->scope;
  };
  EXPECT_EQ(shown(R"(Bearer realm="https://auth/token",service="reg",scope="repository:a/b:pull,push")"),
            "bearer https://auth/token reg repository:a/b:pull,push");
  EXPECT_EQ(shown(R"(Basic realm="x")"), "basic x  ");
  EXPECT_EQ(shown(R"(Basic realm="x", Bearer realm="y")"), "bearer y  ");
  EXPECT_EQ(shown("bearer realm=plain, service=s"), "bearer plain s ");
  EXPECT_EQ(shown(R"(Bearer realm="a\"b")"), "bearer a\"b  ");
  EXPECT_EQ(shown("Negotiate"), "none");
  EXPECT_EQ(shown("Bearer"), "none");
  EXPECT_EQ(shown(""), "none");
  EXPECT_EQ(shown("Bearer realm=\"unclosed"), "bearer unclosed  ");
  EXPECT_EQ(shown("=,=,=,"), "none");
}

TEST(OciManifest, ErrorsOfRegistries) {
  EXPECT_EQ(ErrorText(R"({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": {}}]})"),
            "MANIFEST_UNKNOWN: manifest unknown");
  EXPECT_EQ(ErrorText(R"({"errors": [{"message": "line\nbreak"}]})"), "line?break");
  EXPECT_EQ(ErrorText("<html>"), "");
  EXPECT_EQ(ErrorText(R"({"errors": []})"), "");
  EXPECT_LE(ErrorText(R"({"errors": [{"code": ")" + std::string(5000, 'x') + "\"}]}").size(), 500u);
}

TEST(OciTags, TheHighestThatFits) {
  const std::vector<std::string> tags = {"1.0.0", "1.10.0",  "1.9.0",          "2.0.0-rc.1",   "latest",
                                         "1.2",   "v1.11.0", "1.10.0_build.2", "1.12.0-alpine"};
  const auto highest = [&](std::string_view range, std::string_view filter = "", bool chart = false) {
    const auto tag = HighestTag(tags, range, filter, chart);
    return tag ? *tag : std::string(base::ToString(tag.error().reason)) + ": " + tag.error().message;
  };
  EXPECT_EQ(highest("1.x"), "v1.11.0");
  EXPECT_EQ(highest("~1.10"), "1.10.0");
  EXPECT_EQ(highest(">=1.0.0-0"), "2.0.0-rc.1");
  EXPECT_EQ(highest(">=1.0.0-0", "alpine$"), "1.12.0-alpine");
  EXPECT_EQ(highest("1.x", "^1\\.9"), "1.9.0");
  EXPECT_EQ(highest("=1.10.0+build.2", "_", true), "1.10.0_build.2");
  EXPECT_EQ(highest("3.x"), "NotFound: no match found for semver: 3.x");
  EXPECT_EQ(highest("1.x", "("), "Invalid: error parsing regexp: missing ): (");
  const base::ParserLimits before = base::Parsers();
  base::SetParserLimits({.max_pattern_bytes = 6, .max_program_bytes = 64 << 10});
  EXPECT_EQ(highest(">=1.0.0-0", "alpine$"), "Invalid: semverFilter: more than 6 bytes (--regex-max-pattern-bytes)");
  EXPECT_EQ(highest("1.x", "^1\\.9"), "1.9.0");
  base::SetParserLimits({.max_program_bytes = 64 << 10});
  EXPECT_EQ(highest("1.x", "[^a]{900}"), "Invalid: error parsing regexp: pattern too large - compile failed");
  base::SetParserLimits(before);
  EXPECT_EQ(highest("1.x", "[^a]{900}"), "NotFound: no match found for semver: 1.x");
  EXPECT_EQ(highest("no range"), "Invalid: semver 'no range' parse error: improper constraint: \"no range\"");
}

/// Keys and signatures as openssl makes them.
class CosignTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string Key(const std::string& name, const std::string& kind) const {
    Shell("openssl genpkey " + kind + " -out " + Path(name) + " 2>/dev/null && openssl pkey -in " + Path(name) + " -pubout -out " +
          Path(name + ".pub"));
    return ReadFile(Path(name + ".pub"));
  }
  std::string Signed(const std::string& name, const std::string& text, bool raw = false) const {
    Shell("cat > " + Path("text") + " <<'END'\n" + text + "\nEND\ntruncate -s -1 " + Path("text"));
    Shell(raw ? "openssl pkeyutl -sign -inkey " + Path(name) + " -rawin -in " + Path("text") + " -out " + Path("signature")
              : "openssl dgst -sha256 -sign " + Path(name) + " -out " + Path("signature") + " " + Path("text"));
    return base::Base64Encode(ReadFile(Path("signature")));
  }
  static std::string Payload(const std::string& digest) {
    return R"({"critical": {"image": {"docker-manifest-digest": ")" + digest + R"("}}})";
  }

  const TemporaryDirectory directory_;
  const std::string digest_ = "sha256:" + std::string(64, '1');
};

TEST_F(CosignTest, EveryKindOfKey) {
  const std::pair<std::string, std::string> kinds[] = {{"ec", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"},
                                                       {"rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"},
                                                       {"ed", "-algorithm ED25519"}};
  const std::string payload = Payload(digest_);
  const auto other = PublicKey::Parse(Key("other", kinds[0].second));
  ASSERT_TRUE(other);
  for (const auto& [name, kind] : kinds) {
    const auto key = PublicKey::Parse(Key(name, kind));
    ASSERT_TRUE(key) << name << ": " << MessageOf(key);
    const std::string signature = Signed(name, payload, name == "ed");
    EXPECT_EQ(MessageOf(CheckSimpleSigning(*key, payload, signature, digest_)), "no error") << name;
    EXPECT_EQ(MessageOf(CheckSimpleSigning(*key, payload, signature, "sha256:" + std::string(64, '2'))),
              "the signature is of another artifact, " + digest_);
    EXPECT_EQ(MessageOf(CheckSimpleSigning(*key, payload + " ", signature, digest_)), "the signature is not of this key");
    EXPECT_EQ(MessageOf(CheckSimpleSigning(*other, payload, signature, digest_)), "the signature is not of this key");
    EXPECT_EQ(MessageOf(CheckSimpleSigning(*key, payload, "", digest_)), "the signature is not of this key");
    EXPECT_EQ(ReasonOf(CheckSimpleSigning(*key, payload, "???", digest_)), "Invalid");
    EXPECT_EQ(ReasonOf(CheckSimpleSigning(*key, payload, signature, "")), "Invalid");
  }
}

TEST_F(CosignTest, KeysThatAreNone) {
  EXPECT_EQ(MessageOf(PublicKey::Parse("")), "not a public key in PEM format");
  EXPECT_EQ(MessageOf(PublicKey::Parse(Key("weak", "-algorithm RSA -pkeyopt rsa_keygen_bits:1024"))),
            "RSA keys of less than 2048 bits are refused");
  EXPECT_EQ(MessageOf(PublicKey::Parse(Key("x", "-algorithm X25519"))), "a public key that is neither ECDSA, RSA nor Ed25519");
}

TEST_F(CosignTest, T19SignedWordsThatSayNothing) {
  const auto key = PublicKey::Parse(Key("ec", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"));
  ASSERT_TRUE(key);
  for (const std::string text : {"not json", "[]", "{}", R"({"critical": {"image": {}}})"})
    EXPECT_EQ(ReasonOf(CheckSimpleSigning(*key, text, Signed("ec", text), digest_)), "Invalid") << text;
}

TEST_F(CosignTest, Bundles) {
  const auto key = PublicKey::Parse(Key("ec", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"));
  ASSERT_TRUE(key);
  const std::string type = "application/vnd.in-toto+json";
  const auto bundle = [&](const std::string& statement, const std::string& payload_type,
                          const std::string& media_type = std::string(kBundleType)) {
    const std::string envelope =
        "DSSEv1 " + std::to_string(payload_type.size()) + " " + payload_type + " " + std::to_string(statement.size()) + " " + statement;
    return R"({"mediaType": ")" + media_type + R"(", "dsseEnvelope": {"payload": ")" + base::Base64Encode(statement) +
           R"(", "payloadType": ")" + payload_type + R"(", "signatures": [{"sig": ")" + Signed("ec", envelope) + R"("}]}})";
  };
  const std::string good = R"({"subject": [{"digest": {"sha256": ")" + std::string(64, '1') + R"("}}]})";
  EXPECT_EQ(MessageOf(CheckBundle(*key, bundle(good, type), digest_)), "no error");
  EXPECT_EQ(MessageOf(CheckBundle(*key, bundle(good, type), "sha256:" + std::string(64, '2'))), "the signature is of another artifact");
  EXPECT_EQ(MessageOf(CheckBundle(*key, bundle("{}", type), digest_)), "the signature is of another artifact");
  EXPECT_EQ(MessageOf(CheckBundle(*key, bundle(good, "text/plain"), digest_)), "signature bundle: its envelope holds no in-toto statement");
  EXPECT_EQ(MessageOf(CheckBundle(*key, bundle(good, type, "x"), digest_)), "signature bundle: not of version 0.3");
  std::string forged = bundle(good, type);
  forged.replace(forged.find(base::Base64Encode(good)), base::Base64Encode(good).size(), base::Base64Encode(R"({"subject": []})"));
  EXPECT_EQ(MessageOf(CheckBundle(*key, forged, digest_)), "the signature is not of this key");
}

}  // namespace
}  // namespace sluice::sources::oci
