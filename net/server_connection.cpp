#include "net/server_connection.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>

#include "net/await.h"

namespace sluice::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kFileBlock = 64u << 10;
constexpr std::size_t kReadBlock = 64u << 10;

using RequestParser = http::request_parser<http::string_body>;

/// The status that tells the peer what was wrong with its request; -1: nothing can be told (it went away).
int StatusFor(const beast::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return -1;
  return error.category() == make_error_code(http::error::bad_version).category() ? 400 : -1;
}

ServerRequest ToRequest(http::request<http::string_body>&& message, const std::string& remote) {
  ServerRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  request.body = std::move(message.body());
  request.remote = remote;
  return request;
}

std::string HttpDate(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

http::response<http::empty_body> Head(const ServerResponse& response, bool keep_alive, std::uint64_t length,
                                      std::string_view default_type) {
  http::response<http::empty_body> message;
  message.version(11);
  message.result(static_cast<unsigned>(response.status));
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  const bool bodyless = response.status / 100 == 1 || response.status == 204 || response.status == 304;
  if (!bodyless) message.content_length(length);
  if (!bodyless && message.find(http::field::content_type) == message.end())
    message.set(http::field::content_type, beast::string_view(default_type.data(), default_type.size()));
  message.keep_alive(keep_alive);
  return message;
}

std::string HeadText(const http::response<http::empty_body>& message) {
  std::ostringstream out;
  out << message.base();
  return out.str();
}

/// An open regular file, closed in time.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0) return;
    if (fstat(fd_, &stat_) == 0 && S_ISREG(stat_.st_mode)) return;
    close(fd_);
    fd_ = -1;
  }
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  bool ok() const { return fd_ >= 0; }
  std::uint64_t size() const { return static_cast<std::uint64_t>(stat_.st_size); }
  std::time_t modified() const { return stat_.st_mtime; }
  /// Bytes read into `block`; 0 at the end and on errors.
  std::size_t Read(std::string& block, std::size_t most) const {
    const ssize_t got = read(fd_, block.data(), std::min(block.size(), most));
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

 private:
  int fd_;
  struct stat stat_{};
};

std::string RemoteOf(const asio::ip::tcp::socket& socket) {
  beast::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "";
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace

struct ServerConnection::Parser : RequestParser {};

void ServerLoad::Hold(ServerConnection& connection, std::size_t bytes) {
  bytes_ += bytes;
  connection.held_ += bytes;
  while (bytes_ > max_bytes_ && MakeRoom()) {
  }
}

bool ServerLoad::MakeRoom() {
  if (receiving_.empty()) return false;
  ServerConnection& oldest = *receiving_.front();
  oldest.EndReceiving();
  oldest.Close();
  oldest.ReleaseAll();
  return true;
}

ServerConnection::ServerConnection(asio::ip::tcp::socket socket, const ServerOptions& options, const HttpServer::Handler& handler,
                                   ServerLoad& load)
    : socket_(std::move(socket)),
      limit_(socket_.get_executor()),
      buffer_(options.max_header_bytes + kReadBlock),
      options_(options),
      handler_(handler),
      load_(load),
      remote_(RemoteOf(socket_)) {
  beast::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

ServerConnection::~ServerConnection() {
  EndReceiving();
  ReleaseAll();
}

void ServerConnection::BeginReceiving() {
  at_ = load_.receiving_.insert(load_.receiving_.end(), this);
  receiving_ = true;
}

void ServerConnection::EndReceiving() {
  if (receiving_) load_.receiving_.erase(at_);
  receiving_ = false;
}

void ServerConnection::ReleaseAll() { load_.Release(std::exchange(held_, 0)); }

void ServerConnection::Limit(std::chrono::milliseconds time) {
  timed_out_ = false;
  limit_.expires_after(time);
  limit_.async_wait([weak = weak_from_this(), turn = ++limit_turn_](const beast::error_code& error) {
    const std::shared_ptr<ServerConnection> self = weak.lock();
    if (error || !self || self->limit_turn_ != turn) return;
    self->timed_out_ = true;
    beast::error_code ignored;
    self->socket_.cancel(ignored);
  });
}

void ServerConnection::NoLimit() {
  ++limit_turn_;
  limit_.cancel();
}

void ServerConnection::FinishThenClose() {
  closing_ = true;
  if (receiving_) Close();
}

void ServerConnection::Close() {
  closing_ = true;
  beast::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  NoLimit();
}

Task<void> ServerConnection::Run() {
  const std::shared_ptr<ServerConnection> self = shared_from_this();
  Next next = Next::Again;
  while (next == Next::Again && !closing_) next = co_await ServeOne();
  Close();
}

Task<ServerConnection::Next> ServerConnection::ServeOne() {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
  parser.body_limit(options_.max_body_bytes);
  BeginReceiving();
  const int refusal = co_await Receive(parser);
  EndReceiving();
  if (refusal > 0) co_await Refuse(refusal);
  if (refusal != 0) co_return Next::End;
  const bool keep_alive = parser.get().keep_alive() && !closing_;
  ServerRequest request = ToRequest(parser.release(), remote_);
  const bool written = co_await Answer(std::move(request), keep_alive);
  ReleaseAll();
  if (buffer_.size() == 0) buffer_.shrink_to_fit();
  co_return written&& keep_alive ? Next::Again : Next::End;
}

// 0: the request is whole. Else the status to refuse it with, or -1 if the peer is gone.
Task<int> ServerConnection::Receive(Parser& parser) {
  Limit(options_.header_timeout);
  bool in_body = false;
  while (!parser.is_done()) {
    if (!in_body && parser.is_header_done()) {
      in_body = true;
      Limit(options_.total_timeout);
      if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await asio::async_write(socket_, asio::buffer(kContinue), kToken);
      }
    }
    const auto [error, bytes] = co_await http::async_read_some(socket_, buffer_, parser, kToken);
    if (!socket_.is_open() || (timed_out_ && !parser.got_some())) co_return -1;
    if (timed_out_) co_return 408;
    if (error) co_return StatusFor(error);
    load_.Hold(*this, bytes);
  }
  co_return 0;
}

Task<bool> ServerConnection::Answer(ServerRequest request, bool keep_alive) {
  const bool head = request.method == "HEAD";
  NoLimit();  // the handler has its own deadline
  ServerResponse response = co_await Handle(std::move(request));
  keep_alive = keep_alive && !closing_;
  if (response.file.empty()) co_return co_await WriteText(response, head, keep_alive);
  co_return co_await WriteFile(response, head, keep_alive);
}

Task<ServerResponse> ServerConnection::Handle(ServerRequest request) {
  std::string bug;
  try {
    Task<base::Result<ServerResponse>> guarded = Guarded(std::move(request));
    std::string what = "handler";
    base::Result<ServerResponse> response = co_await WithDeadline(std::move(guarded), options_.total_timeout, std::move(what));
    if (response) co_return *std::move(response);
    co_return ServerResponse{.status = 503, .body = "no answer in time\n"};
  } catch (const std::exception& e) {
    bug = e.what();
  } catch (...) {
    bug = "unknown exception";
  }
  if (options_.on_bug) options_.on_bug(bug);
  co_return ServerResponse{.status = 500, .body = "internal error\n"};
}

Task<base::Result<ServerResponse>> ServerConnection::Guarded(ServerRequest request) {
  ServerResponse response = co_await handler_(std::move(request));
  co_return response;
}

Task<bool> ServerConnection::WriteText(const ServerResponse& response, bool head, bool keep_alive) {
  const std::string headers = HeadText(Head(response, keep_alive, response.body.size(), "text/plain; charset=utf-8"));
  const bool bodyless = head || response.status == 204 || response.status == 304;
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(headers), bodyless ? asio::const_buffer() : asio::buffer(response.body)};
  Limit(options_.total_timeout);
  const auto [error, bytes] = co_await asio::async_write(socket_, buffers, kToken);
  co_return !error;
}

// The length was promised, so a file that shrinks meanwhile ends the connection; one that grows is cut there.
Task<bool> ServerConnection::WriteFile(const ServerResponse& response, bool head, bool keep_alive) {
  const OpenFile file(response.file);
  if (!file.ok()) {
    const ServerResponse missing{.status = 404, .body = "not found\n"};
    co_return co_await WriteText(missing, head, keep_alive);
  }
  auto message = Head(response, keep_alive, file.size(), "application/octet-stream");
  if (message.find(http::field::last_modified) == message.end()) message.set(http::field::last_modified, HttpDate(file.modified()));
  const std::string headers = HeadText(message);
  Limit(options_.total_timeout);
  const auto [error, bytes] = co_await asio::async_write(socket_, asio::buffer(headers), kToken);
  if (error || head) co_return !error;
  std::string block(kFileBlock, '\0');
  for (std::uint64_t left = file.size(); left > 0;) {
    const std::size_t got = file.Read(block, static_cast<std::size_t>(std::min<std::uint64_t>(left, kFileBlock)));
    if (got == 0) co_return false;
    Limit(options_.total_timeout);
    const auto [failed, sent] = co_await asio::async_write(socket_, asio::buffer(block.data(), got), kToken);
    if (failed) co_return false;
    left -= got;
  }
  co_return true;
}

// What is left unread of the request would reset the connection before the peer has read the answer; so a little of it is read.
Task<void> ServerConnection::Refuse(int status) {
  const ServerResponse response{.status = status, .body = std::string(http::obsolete_reason(static_cast<http::status>(status))) + "\n"};
  const bool written = co_await WriteText(response, false, false);
  if (!written) co_return;
  beast::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  std::string rest(kReadBlock, '\0');
  Limit(std::chrono::seconds(1));
  for (int blocks = 0; blocks < 64; ++blocks) {
    const auto [error, bytes] = co_await socket_.async_read_some(asio::buffer(rest), kToken);
    if (error) break;
  }
}

}  // namespace sluice::net
