#include <libssh/libssh.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "sources/git/known_hosts.h"
#include "sources/git/ssh_socket.h"
#include "sources/git/transport.h"

namespace sluice::sources {
namespace {

using base::Error;
using base::Reason;
using base::Result;

constexpr std::size_t kStderrBytes = 4096;
constexpr int kMinRsaBits = 2048;
constexpr const char* kSignatures = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";

struct FreeKey {
  void operator()(ssh_key key) const { ssh_key_free(key); }
};
using SessionPtr = std::shared_ptr<std::remove_pointer_t<ssh_session>>;  // disconnects and frees
using KeyPtr = std::unique_ptr<std::remove_pointer_t<ssh_key>, FreeKey>;

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
  return out;
}

/// The signature algorithms by which a host can show a key of one of `types`.
std::vector<std::string> AlgorithmsOf(const std::vector<std::string>& types) {
  std::vector<std::string> out;
  for (const std::string& type : types) {
    if (type == "ssh-rsa")
      out.insert(out.end(), {"rsa-sha2-512", "rsa-sha2-256"});
    else if (type == "ssh-ed25519" || type.starts_with("ecdsa-sha2-"))
      out.push_back(type);
  }
  return out;
}

/// Of the algorithms wished for, in their order, those that are possible; without a wish all that are possible.
std::vector<std::string> Wanted(const std::vector<std::string>& wish, const std::vector<std::string>& possible) {
  if (wish.empty()) return possible;
  std::vector<std::string> out;
  for (const std::string& name : wish)
    if (std::find(possible.begin(), possible.end(), name) != possible.end()) out.push_back(name);
  return out;
}

/// The path as the command's argument: unescaped, and `~user/…` without the slash of its URL. ParseGitUrl admits no quote.
std::string RemotePath(std::string_view path) {
  std::string out;
  for (std::size_t i = path.starts_with("/~") ? 1 : 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(path.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

/// libssh asks this when a key is encrypted and no passphrase was given; noting it is all we do. (Without it the terminal would be asked.)
int NotePassphraseAsked(const char*, char*, std::size_t, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

class SshTransport final : public Transport {
 public:
  explicit SshTransport(const TransportContext& context) : context_(context) {}
  ~SshTransport() override {
    if (channel_) ssh_channel_free(channel_);
    if (authenticated_ && !broken_ && ssh_is_connected(session_.get())) context_.shared.connections.Give(PoolKey(), std::move(session_));
  }

  Result<void> Advertise() override;
  Result<void> Request(std::string_view body) override;
  Result<std::size_t> Read(std::span<char> buffer) override;
  bool stateless() const override { return false; }

 private:
  /// A session that waits belongs to whoever has the same key, trusts the same hosts and means the same address.
  std::string PoolKey() const {
    const Credentials& c = context_.credentials;
    const std::string secrets = c.identity + '\0' + c.passphrase + '\0' + c.known_hosts + '\0' + c.proxy_address + '\0' + c.proxy_username +
                                '\0' + c.proxy_password + '\0' + Join(context_.options.ssh_hostkey_algorithms) + '\0' +
                                Join(context_.options.ssh_kex_algorithms);
    return "ssh " + context_.url.text + " " + base::Sha256Hex(secrets);
  }
  template <class Operation>
  Result<int> Retry(const Operation& operation);
  Error Fail(Reason reason, std::string_view text) const { return context_.Fail(reason, text); }
  Error Broken(std::string_view step) {
    broken_ = true;
    return Fail(Reason::Unavailable, std::string(step) + ": " + ssh_get_error(session_.get()));
  }
  Result<void> Await();
  Result<void> Configure();
  Result<void> Connect();
  Result<void> CheckHost();
  Result<KeyPtr> LoadIdentity() const;
  Result<void> Authenticate();
  Result<bool> TakeWaiting();
  Result<void> Execute();
  void DrainStderr();
  Error EndedWithout() const;

  const TransportContext context_;
  SessionPtr session_;
  ssh_channel channel_ = nullptr;
  std::string stderr_;
  bool answered_ = false;       // a byte came
  bool authenticated_ = false;  // the session may serve another transport
  bool broken_ = false;
};

Result<void> SshTransport::Await() {
  const int pending = ssh_get_poll_flags(session_.get());
  const short events = static_cast<short>(POLLIN | ((pending & SSH_WRITE_PENDING) ? POLLOUT : 0));
  if (auto ok = context_.waiter.Poll(ssh_get_fd(session_.get()), events); !ok) {
    broken_ = true;  // who knows what is half done
    return Fail(ok.error().reason, ok.error().message);
  }
  return {};
}

/// Repeats a non-blocking call until it has an answer.
template <class Operation>
Result<int> SshTransport::Retry(const Operation& operation) {
  for (;;) {
    const int code = operation();
    if (code != SSH_AGAIN) return code;
    TRY(Await());
  }
}

Result<void> SshTransport::Configure() {
  const GitUrl& url = context_.url;
  const std::vector<std::string> types = KeyTypesOf(context_.credentials.known_hosts, url.host, url.port);
  if (types.empty())
    return Fail(Reason::Unauthorized, "the host is not in known_hosts: check its key, then add the output of `ssh-keyscan -p " +
                                          std::to_string(url.port) + " " + url.host + "` to the Secret");
  const std::vector<std::string> algorithms = Wanted(context_.options.ssh_hostkey_algorithms, AlgorithmsOf(types));
  if (algorithms.empty())
    return Fail(Reason::Unauthorized,
                "known_hosts has only keys of types that are not accepted (" + Join(types) + "): add an ssh-ed25519, ecdsa or rsa key");

  ssh_session session = session_.get();
  const std::string user = url.user.empty() ? "git" : url.user;
  const int log_level = SSH_LOG_NOLOG, no = 0, rsa_bits = kMinRsaBits;
  const bool no_config = false;
  bool ok = ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no_config) == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &log_level) == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_HOST, url.host.c_str()) == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_USER, user.c_str()) == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_SSH_DIR, "/nonexistent") == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null") == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_GSSAPI_AUTH, &no) == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_RSA_MIN_SIZE, &rsa_bits) == 0;
  ok = ok && ssh_options_set(session, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, kSignatures) == 0;
  if (!ok) return Broken("ssh options");
  if (ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, Join(algorithms).c_str()) != 0)
    return Fail(Reason::Invalid, "ssh host key algorithms: none of " + Join(algorithms) + " is known");
  const std::string kex = Join(context_.options.ssh_kex_algorithms);
  if (!kex.empty() && ssh_options_set(session, SSH_OPTIONS_KEY_EXCHANGE, kex.c_str()) != 0)
    return Fail(Reason::Invalid, "ssh key exchange algorithms: none of " + kex + " is known");
  return {};
}

Result<void> SshTransport::Connect() {
  session_ = SessionPtr(ssh_new(), [](ssh_session session) {
    if (!session) return;
    ssh_silent_disconnect(session);
    ssh_free(session);
  });
  if (!session_) return Fail(Reason::Unavailable, "out of memory");
  TRY(Configure());
  TRY(socket_t fd, ConnectTcp(context_));
  ssh_options_set(session_.get(), SSH_OPTIONS_FD, &fd);  // the session closes it
  ssh_set_blocking(session_.get(), 0);
  TRY(const int code, Retry([&] { return ssh_connect(session_.get()); }));
  if (code == SSH_OK) return {};
  const std::string why = ssh_get_error(session_.get());
  if (why.find("host key") != std::string::npos)
    return Fail(Reason::Unauthorized, "the host has no key of a type that known_hosts lists for it (" + why +
                                          "): add the output of `ssh-keyscan " + context_.url.host + "`");
  if (why.find("hostkey signature") != std::string::npos)
    return Fail(Reason::Unauthorized, "the host's key is not accepted (" + why + "): an RSA key needs " + std::to_string(kMinRsaBits) +
                                          " bits at least; give the host an ssh-ed25519 key");
  return Fail(Reason::Unavailable, "ssh connection: " + why);
}

Result<void> SshTransport::CheckHost() {
  ssh_key raw = nullptr;
  if (ssh_get_server_publickey(session_.get(), &raw) != SSH_OK) return Broken("host key");
  const KeyPtr key(raw);
  char* encoded = nullptr;
  if (ssh_pki_export_pubkey_base64(key.get(), &encoded) != SSH_OK) return Broken("host key");
  auto wire = base::Base64Decode(encoded);
  ssh_string_free_char(encoded);
  if (!wire) return std::move(wire).error();
  const std::string type = ssh_key_type_to_char(ssh_key_type(key.get()));
  const GitUrl& url = context_.url;
  const KnownHostsAnswer answer = CheckHostKey(context_.credentials.known_hosts, url.host, url.port, type, *wire);
  const std::string line = "known_hosts line " + std::to_string(answer.line);
  switch (answer.verdict) {
    case HostKeyVerdict::Trusted: return {};
    case HostKeyVerdict::Changed:
      return Fail(Reason::Unauthorized, "the host's " + type + " key is not the one in " + line +
                                            ": it was changed, or somebody stands in between; replace the line once you know");
    case HostKeyVerdict::Revoked: return Fail(Reason::Unauthorized, "the host's " + type + " key is revoked by " + line);
    case HostKeyVerdict::Unknown: break;
  }
  return Fail(Reason::Unauthorized, "the host's " + type + " key is not in known_hosts: check it, then add it to the Secret");
}

Result<KeyPtr> SshTransport::LoadIdentity() const {
  const Credentials& c = context_.credentials;
  std::string text = c.identity;
  std::erase(text, '\r');
  if (!text.ends_with('\n')) text += '\n';
  bool asked = false;
  ssh_key raw = nullptr;
  const int code = ssh_pki_import_privkey_base64(text.c_str(), c.passphrase.empty() ? nullptr : c.passphrase.c_str(), &NotePassphraseAsked,
                                                 &asked, &raw);
  if (code == SSH_OK && raw) return KeyPtr(raw);
  if (asked) return Fail(Reason::Invalid, "the ssh identity is encrypted, but the Secret has no 'password'");
  if (!c.passphrase.empty())
    return Fail(Reason::Invalid, "the ssh identity cannot be read: it is damaged, or 'password' is not its passphrase");
  return Fail(Reason::Invalid, "the ssh identity is not a private key in PEM or OpenSSH form");
}

/// `ssh-ed25519 SHA256:…`, as `ssh-keygen -l` shows it.
std::string FingerprintOf(ssh_key key) {
  unsigned char* hash = nullptr;
  std::size_t size = 0;
  if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != 0) return "unknown key";
  char* text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
  std::string out = ssh_key_type_to_char(ssh_key_type(key)) + std::string(" ") + (text ? text : "");
  ssh_string_free_char(text);
  ssh_clean_pubkey_hash(&hash);
  return out;
}

Result<void> SshTransport::Authenticate() {
  TRY(const KeyPtr key, LoadIdentity());
  TRY(const int code, Retry([&] {
        const int result = ssh_userauth_publickey(session_.get(), nullptr, key.get());
        return result == SSH_AUTH_AGAIN ? SSH_AGAIN : result == SSH_AUTH_ERROR ? SSH_ERROR : result;
      }));
  if (code == SSH_AUTH_SUCCESS) return {};
  if (code == SSH_ERROR) return Broken("ssh authentication");
  return Fail(Reason::Unauthorized,
              "the host refuses the ssh identity (" + FingerprintOf(key.get()) + "): add its public key there as a deploy key");
}

Result<void> SshTransport::Execute() {
  channel_ = ssh_channel_new(session_.get());
  if (!channel_) return Broken("ssh channel");
  TRY(const int opened, Retry([&] { return ssh_channel_open_session(channel_); }));
  if (opened != SSH_OK) return Broken("ssh channel");
  // A host may ignore the variable; it then speaks version 0.
  TRY([[maybe_unused]] const int env, Retry([&] { return ssh_channel_request_env(channel_, "GIT_PROTOCOL", "version=2"); }));
  const std::string command = "git-upload-pack '" + RemotePath(context_.url.path) + "'";
  TRY(const int started, Retry([&] { return ssh_channel_request_exec(channel_, command.c_str()); }));
  if (started != SSH_OK) return Broken("git-upload-pack");
  return {};
}

/// Another command on a session that waits. False: there is none, or it does not live any more.
Result<bool> SshTransport::TakeWaiting() {
  session_ = std::static_pointer_cast<std::remove_pointer_t<ssh_session>>(context_.shared.connections.Take(PoolKey()));
  if (!session_) return false;
  auto done = Execute();
  if (done) return true;
  if (done.error().reason == Reason::Timeout || done.error().reason == Reason::Canceled) return std::move(done).error();
  if (channel_) ssh_channel_free(std::exchange(channel_, nullptr));
  session_.reset();
  broken_ = false;
  return false;
}

Result<void> SshTransport::Advertise() {
  TRY(const bool again, TakeWaiting());
  if (!again) {
    TRY(Connect());
    TRY(CheckHost());
    TRY(Authenticate());
    TRY(Execute());
  }
  authenticated_ = true;
  return {};
}

Result<void> SshTransport::Request(std::string_view body) {
  while (!body.empty()) {
    const auto chunk = static_cast<std::uint32_t>(std::min<std::size_t>(body.size(), 32768));
    const int written = ssh_channel_write(channel_, body.data(), chunk);
    if (written < 0 && written != SSH_AGAIN) return Broken("sending");
    if (written > 0)
      body.remove_prefix(static_cast<std::size_t>(written));
    else
      TRY(Await());
  }
  return {};
}

void SshTransport::DrainStderr() {
  std::array<char, 1024> buffer{};
  int got = 0;
  while ((got = ssh_channel_read_nonblocking(channel_, buffer.data(), buffer.size(), 1)) > 0) {
    const std::size_t room = kStderrBytes - std::min(kStderrBytes, stderr_.size());
    stderr_.append(buffer.data(), std::min<std::size_t>(static_cast<std::size_t>(got), room));
  }
}

/// The host ended the command before it said anything: what it wrote to its standard error tells why.
Error SshTransport::EndedWithout() const {
  const auto says = [&](std::string_view words) { return stderr_.find(words) != std::string::npos; };
  if (says("not found") || says("does not exist") || says("does not appear to be a git repository") || says("Not Found") ||
      says("could not be found"))
    return Fail(Reason::NotFound,
                "repository not found ('" + Cleaned(stderr_, context_.credentials) + "'): check the URL and the rights of the key");
  if (says("denied") || says("ermission"))
    return Fail(Reason::Forbidden,
                "the host forbids access ('" + Cleaned(stderr_, context_.credentials) + "'): check the rights of the key");
  return Fail(Reason::Unavailable,
              "the host ended the connection" + (stderr_.empty() ? "" : " ('" + Cleaned(stderr_, context_.credentials) + "')"));
}

Result<std::size_t> SshTransport::Read(std::span<char> buffer) {
  for (;;) {
    const auto room = static_cast<std::uint32_t>(std::min<std::size_t>(buffer.size(), 1u << 20));
    const int got = ssh_channel_read_nonblocking(channel_, buffer.data(), room, 0);
    DrainStderr();
    if (got > 0) {
      answered_ = true;
      return static_cast<std::size_t>(got);
    }
    if (got == SSH_ERROR) return Broken("receiving");
    if (got == SSH_EOF || ssh_channel_is_eof(channel_)) {
      if (!answered_) return EndedWithout();
      return std::size_t{0};
    }
    // Reading one stream takes packets of both off the socket. What came for us while the other was read would wait for good: the
    // server sends no more until its window is opened, so the socket stays silent.
    if (ssh_channel_poll(channel_, 0) > 0) continue;
    TRY(Await());
  }
}

}  // namespace

std::unique_ptr<Transport> MakeSshTransport(const TransportContext& context) { return std::make_unique<SshTransport>(context); }

}  // namespace sluice::sources
