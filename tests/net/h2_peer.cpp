#include "tests/net/h2_peer.h"

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <map>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/await.h"

namespace sluice::net {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Stream = asio::ssl::stream<tcp::socket>;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

/// A request as it comes in, and the answer as it goes out.
struct Exchange {
  std::string method, path, headers, body;
  std::string answer;
  std::size_t sent = 0;
  bool endless = false;  ///< the answer has no end
};

std::string_view View(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }
std::uint8_t* Bytes(std::string_view text) { return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data())); }
nghttp2_nv Field(std::string_view name, std::string_view value) { return {Bytes(name), Bytes(value), name.size(), value.size(), 0}; }

}  // namespace

struct H2Peer::Impl {
  Impl(asio::io_context& context, Options o)
      : io(context), options(std::move(o)), acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), scope(context) {}

  class Connection;
  static Task<void> AcceptAll(std::shared_ptr<Impl> self);
  static Task<void> Serve(std::shared_ptr<Impl> self, tcp::socket socket);
  void SetUpTls();

  asio::io_context& io;
  const Options options;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  tcp::acceptor acceptor;
  Scope scope;
  std::list<Connection*> connections;
  std::uint64_t made = 0, resets = 0, pings = 0;
  std::size_t most_streams = 0;
  std::vector<std::string> requests;
  std::vector<std::pair<Connection*, std::int32_t>> at_gate;
  bool refused = false, dropped = false;
};

class H2Peer::Impl::Connection {
 public:
  Connection(Impl& peer, Stream stream) : peer_(peer), stream_(std::move(stream)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, &Connection::OnBegin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &Connection::OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Connection::OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Connection::OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Connection::OnClose);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry limit{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, peer_.options.max_streams};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &limit, 1);
    at_ = peer_.connections.insert(peer_.connections.end(), this);
  }
  ~Connection() {
    std::erase_if(peer_.at_gate, [this](const auto& waiting) { return waiting.first == this; });
    peer_.connections.erase(at_);
    nghttp2_session_del(session_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Task<void> Run() {
    std::string in(32u << 10, '\0');
    Flush();
    while (!dead_) {
      const auto [error, size] = co_await stream_.async_read_some(asio::buffer(in), kToken);
      if (error || nghttp2_session_mem_recv(session_, Bytes(in), size) < 0) break;
      Flush();
    }
    Drop();
    while (writing_) (void)co_await SleepFor(std::chrono::milliseconds(1));
  }

  void Drop() {
    dead_ = true;
    boost::system::error_code ignored;
    stream_.lowest_layer().close(ignored);
  }

  void GoAway(std::int32_t last_stream, std::string_view words) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last_stream, NGHTTP2_NO_ERROR, Bytes(words), words.size());
    Flush();
  }
  std::int32_t last_stream() const { return nghttp2_session_get_last_proc_stream_id(session_); }

  void Answer(std::int32_t stream, int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
    Exchange& exchange = exchanges_[stream];
    exchange.answer = std::move(body);
    const std::string code = std::to_string(status);
    std::vector<nghttp2_nv> fields{Field(":status", code)};
    for (const auto& [name, value] : headers) fields.push_back(Field(name, value));
    nghttp2_data_provider provider{};
    provider.read_callback = &Connection::ReadAnswer;
    nghttp2_submit_response(session_, stream, fields.data(), fields.size(), &provider);
  }

 private:
  static Connection& Self(void* user) { return *static_cast<Connection*>(user); }

  static int OnBegin(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Self(user).exchanges_[frame->hd.stream_id];
    Self(user).peer_.most_streams = std::max(Self(user).peer_.most_streams, Self(user).exchanges_.size());
    return 0;
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    Exchange& exchange = Self(user).exchanges_[frame->hd.stream_id];
    const std::string_view key = View(name, name_size), text = View(value, value_size);
    if (key == ":method")
      exchange.method = text;
    else if (key == ":path")
      exchange.path = text;
    exchange.headers.append(key).append("=").append(text).append("\n");
    return 0;
  }
  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size, void* user) {
    Self(user).exchanges_[stream].body.append(View(data, size));
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Connection& self = Self(user);
    if (frame->hd.type == NGHTTP2_RST_STREAM) ++self.peer_.resets;
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) ++self.peer_.pings;
    const bool headers = frame->hd.type == NGHTTP2_HEADERS;
    if (!headers && frame->hd.type != NGHTTP2_DATA) return 0;
    const bool whole = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool early = headers && self.exchanges_[frame->hd.stream_id].path == "/early";
    if ((whole && !self.exchanges_[frame->hd.stream_id].path.starts_with("/early")) || early) self.Handle(frame->hd.stream_id);
    return 0;
  }
  static int OnClose(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
    Self(user).exchanges_.erase(stream);
    return 0;
  }
  static ssize_t ReadAnswer(nghttp2_session*, std::int32_t stream, std::uint8_t* buffer, std::size_t size, std::uint32_t* flags,
                            nghttp2_data_source*, void* user) {
    Exchange& exchange = Self(user).exchanges_[stream];
    const std::size_t taken = std::min(size, exchange.answer.size() - exchange.sent);
    std::memcpy(buffer, exchange.answer.data() + exchange.sent, taken);
    exchange.sent += taken;
    if (exchange.sent < exchange.answer.size()) return static_cast<ssize_t>(taken);
    if (exchange.endless && taken == 0) return NGHTTP2_ERR_DEFERRED;
    if (!exchange.endless) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
  }

  void Handle(std::int32_t stream);
  void HandleFault(std::int32_t stream, const std::string& path);
  void ResetLater(std::int32_t stream, std::uint32_t code) {
    peer_.scope.Spawn([](Impl& peer, Connection* self, std::int32_t id, std::uint32_t why) -> Task<void> {
      (void)co_await SleepFor(std::chrono::milliseconds(20));
      const bool alive = std::find(peer.connections.begin(), peer.connections.end(), self) != peer.connections.end();
      if (!alive) co_return;
      nghttp2_submit_rst_stream(self->session_, NGHTTP2_FLAG_NONE, id, why);
      self->Flush();
    }(peer_, this, stream, code));
  }

  void Flush() {
    if (writing_ || dead_) return;
    out_.clear();
    const std::uint8_t* data = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &data)) > 0;) out_.append(View(data, static_cast<std::size_t>(size)));
    if (out_.empty()) return;
    writing_ = true;
    asio::async_write(stream_, asio::buffer(out_), [this](const boost::system::error_code& error, std::size_t) {
      writing_ = false;
      if (!error) Flush();
    });
  }

  Impl& peer_;
  Stream stream_;
  nghttp2_session* session_ = nullptr;
  std::list<Connection*>::iterator at_;
  std::map<std::int32_t, Exchange> exchanges_;
  std::string out_;
  bool writing_ = false, dead_ = false;
};

void H2Peer::Impl::Connection::Handle(std::int32_t stream) {
  const Exchange& exchange = exchanges_[stream];
  const std::string path = exchange.path;
  const std::string query = path.find('?') == std::string::npos ? "" : path.substr(path.find('?') + 1);
  peer_.requests.push_back(exchange.method + " " + path);
  if (path == "/hello") return Answer(stream, 200, "hello", {{"x-test", "1"}});
  if (path == "/early") return Answer(stream, 200, "early");
  if (path.starts_with("/echo")) return Answer(stream, 200, exchange.headers + "\n" + exchange.body);
  if (path.starts_with("/bytes/")) return Answer(stream, 200, std::string(std::stoul(path.substr(7)), 'b'));
  if (path.starts_with("/headers/")) return Answer(stream, 200, "", {{"x-long", std::string(std::stoul(path.substr(9)), 'h')}});
  if (path.starts_with("/to?")) return Answer(stream, 307, "moved", {{"location", query}});
  if (path.starts_with("/see?")) return Answer(stream, 303, "moved", {{"location", query}});
  if (path.starts_with("/short")) return Answer(stream, 200, "12345", {{"content-length", "10"}});
  if (path == "/gate") {
    peer_.at_gate.emplace_back(this, stream);
    if (peer_.at_gate.size() < peer_.options.gate) return;
    for (const auto& [connection, id] : peer_.at_gate) {
      connection->Answer(id, 200, "through");
      if (connection != this) connection->Flush();
    }
    peer_.at_gate.clear();
    return;
  }
  HandleFault(stream, path);
}

void H2Peer::Impl::Connection::HandleFault(std::int32_t stream, const std::string& path) {
  if (path.starts_with("/hang")) return;
  if (path == "/part" || path.starts_with("/reset/")) {
    exchanges_[stream].endless = true;
    Answer(stream, 200, "part");
    if (path != "/part") ResetLater(stream, static_cast<std::uint32_t>(std::stoul(path.substr(7))));
    return;
  }
  if (path == "/refuse" && !std::exchange(peer_.refused, true)) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_REFUSED_STREAM);
    return;
  }
  if (path == "/dropped" && !std::exchange(peer_.dropped, true)) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, stream - 2, NGHTTP2_NO_ERROR, nullptr, 0);
    return;
  }
  if (path == "/die") return Drop();
  Answer(stream, path == "/refuse" || path == "/dropped" || path == "/goaway" ? 200 : 404, "ok");
  if (path == "/goaway") nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR, nullptr, 0);
}

void H2Peer::Impl::SetUpTls() {
  tls.use_certificate_chain(asio::buffer(options.cert_pem));
  tls.use_private_key(asio::buffer(options.key_pem), asio::ssl::context::pem);
  if (!options.client_ca_pem.empty()) {
    tls.add_certificate_authority(asio::buffer(options.client_ca_pem));
    tls.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  SSL_CTX_set_alpn_select_cb(
      tls.native_handle(),
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size, void* self) {
        const bool old = static_cast<Impl*>(self)->options.http1;
        const std::string_view ours = old ? std::string_view("\x08http/1.1", 9) : std::string_view("\x02h2", 3);
        unsigned char* chosen = nullptr;
        const int found = SSL_select_next_proto(&chosen, size, Bytes(ours), static_cast<unsigned>(ours.size()), in, in_size);
        *out = chosen;
        return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
      },
      this);
}

Task<void> H2Peer::Impl::AcceptAll(std::shared_ptr<Impl> self) {
  while (true) {
    auto [error, socket] = co_await self->acceptor.async_accept(kToken);
    if (error) co_return;
    socket.set_option(tcp::no_delay(true));
    self->scope.Spawn(Serve(self, std::move(socket)));
  }
}

Task<void> H2Peer::Impl::Serve(std::shared_ptr<Impl> self, tcp::socket socket) {
  Stream stream(std::move(socket), self->tls);
  const auto [failed] = co_await stream.async_handshake(asio::ssl::stream_base::server, kToken);
  if (failed) co_return;
  ++self->made;
  if (self->options.http1) {
    std::string request(4096, '\0');
    co_await stream.async_read_some(asio::buffer(request), kToken);
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nold";
    co_await asio::async_write(stream, asio::buffer(answer), kToken);
    co_return;
  }
  Connection connection(*self, std::move(stream));
  co_await connection.Run();
}

H2Peer::H2Peer(asio::io_context& io, Options options) : impl_(std::make_shared<Impl>(io, std::move(options))) {
  impl_->SetUpTls();
  impl_->scope.Spawn(Impl::AcceptAll(impl_));
}

H2Peer::~H2Peer() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  DropAll();
  impl_->scope.Cancel();
}

std::uint16_t H2Peer::port() const { return impl_->acceptor.local_endpoint().port(); }
std::string H2Peer::url(const std::string& path) const { return "https://127.0.0.1:" + std::to_string(port()) + path; }
std::uint64_t H2Peer::connections() const { return impl_->made; }
std::size_t H2Peer::open_connections() const { return impl_->connections.size(); }
std::size_t H2Peer::most_streams() const { return impl_->most_streams; }
std::uint64_t H2Peer::resets() const { return impl_->resets; }
std::uint64_t H2Peer::pings() const { return impl_->pings; }
const std::vector<std::string>& H2Peer::requests() const { return impl_->requests; }

void H2Peer::GoAway() {
  for (Impl::Connection* connection : impl_->connections) connection->GoAway(connection->last_stream(), "restarting");
}

void H2Peer::DropAll() {
  for (Impl::Connection* connection : impl_->connections) connection->Drop();
}

}  // namespace sluice::net
