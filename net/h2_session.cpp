#include "net/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace sluice::net {

namespace {

// Sinks take bytes at once, so windows bound nothing but what is on the way; and a small one would bound the speed over distance.
constexpr std::int32_t kStreamWindow = 4 << 20;
constexpr std::int32_t kConnectionWindow = 16 << 20;
constexpr std::int32_t kLastStream = 0x7fff'fff0;
constexpr std::size_t kMaxGoodbye = 200;

std::uint8_t* Bytes(std::string_view text) { return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data())); }
std::string_view View(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

nghttp2_nv Field(std::string_view name, std::string_view value) {
  return {Bytes(name), Bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string Lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// RFC 9113, 8.2.2: these speak about an HTTP/1 connection. Host becomes :authority, and the length is ours to say.
bool IsDropped(std::string_view name) {
  constexpr std::array<std::string_view, 8> kDropped = {"connection", "host",    "keep-alive",        "proxy-connection",
                                                        "te",         "upgrade", "transfer-encoding", "content-length"};
  return std::find(kDropped.begin(), kDropped.end(), name) != kDropped.end();
}

/// A request's header block. The strings it points to live here and in the request.
class FieldBlock {
 public:
  FieldBlock(const Request& request, const Url& url, const std::string& user_agent) {
    const std::string_view host = FindHeader(request.headers, "host");
    authority_ = host.empty() ? HostHeader(url) : std::string(host);
    path_ = (url.path.empty() ? "/" : url.path) + (url.query.empty() ? "" : "?" + url.query);
    names_.reserve(request.headers.size());
    fields_.reserve(request.headers.size() + 6);
    fields_ = {Field(":method", request.method), Field(":scheme", url.scheme), Field(":authority", authority_), Field(":path", path_)};
    for (const auto& [name, value] : request.headers) {
      names_.push_back(Lowered(name));
      if (!IsDropped(names_.back())) fields_.push_back(Field(names_.back(), value));
    }
    if (FindHeader(request.headers, "user-agent").empty()) fields_.push_back(Field("user-agent", user_agent));
    if (FindHeader(request.headers, "accept").empty()) fields_.push_back(Field("accept", "*/*"));
    if (!HasBody(request)) return;
    length_ = std::to_string(request.body.size());
    fields_.push_back(Field("content-length", length_));
  }
  FieldBlock(const FieldBlock&) = delete;
  FieldBlock& operator=(const FieldBlock&) = delete;
  const std::vector<nghttp2_nv>& fields() const { return fields_; }

 private:
  std::string authority_, path_, length_;
  std::vector<std::string> names_;
  std::vector<nghttp2_nv> fields_;
};

std::string Printable(std::string_view text) {
  std::string out(text.substr(0, kMaxGoodbye));
  for (char& c : out) c = c >= ' ' && c <= '~' ? c : '?';
  return out;
}

}  // namespace

struct H2Session::Callbacks {
  static H2Session& Self(void* user) { return *static_cast<H2Session*>(user); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    H2Exchange* exchange = Self(user).Find(frame->hd.stream_id);
    if (exchange == nullptr) return 0;
    const std::string_view key = View(name, name_size), text = View(value, value_size);
    bool go_on = true;
    if (key == ":status") {
      int status = 0;
      std::from_chars(text.data(), text.data() + text.size(), status);
      go_on = exchange->answer.OnStatus(status);
    } else {
      go_on = exchange->answer.OnHeader(key, text);
    }
    if (!go_on) Self(user).Stop(*exchange);
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      Self(user).closing_ = true;
      Self(user).goodbye_ = Printable(View(frame->goaway.opaque_data, frame->goaway.opaque_data_len));
      return 0;
    }
    if (frame->hd.type == NGHTTP2_SETTINGS) Self(user).settled_ = true;
    H2Exchange* exchange = Self(user).Find(frame->hd.stream_id);
    if (exchange == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) exchange->answer.OnHeadersEnd();
    const bool ends = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!ends || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    exchange->ended_by_peer = true;
    const bool uploading = exchange->body_sent < exchange->request.body.size();
    if (uploading && exchange->answer.complete_headers()) Self(user).StopUpload(*exchange);
    return 0;
  }

  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size, void* user) {
    H2Exchange* exchange = Self(user).Find(stream);
    if (exchange != nullptr && !exchange->answer.OnBody(View(data, size))) Self(user).Stop(*exchange);
    return 0;
  }

  static int OnSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (H2Exchange* exchange = Self(user).Find(frame->hd.stream_id)) exchange->headers_sent = true;
    return 0;
  }

  static int OnNotSent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (H2Exchange* exchange = Self(user).Find(frame->hd.stream_id)) Self(user).Finish(*exchange, H2Exchange::End::Unprocessed, 0);
    return 0;
  }

  // nghttp2 closes what a GOAWAY leaves out as REFUSED_STREAM too. An answer may be whole and yet followed by a reset (of what we send).
  static int OnClose(nghttp2_session*, std::int32_t stream, std::uint32_t error_code, void* user) {
    H2Exchange* exchange = Self(user).Find(stream);
    if (exchange == nullptr) return 0;
    H2Exchange::End end = H2Exchange::End::Reset;
    if (exchange->ended_by_peer && exchange->answer.complete_headers())
      end = H2Exchange::End::Complete;
    else if (error_code == NGHTTP2_REFUSED_STREAM || !exchange->headers_sent)
      end = H2Exchange::End::Unprocessed;
    Self(user).Finish(*exchange, end, error_code);
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session*, std::int32_t stream, std::uint8_t* buffer, std::size_t size, std::uint32_t* flags,
                          nghttp2_data_source*, void* user) {
    H2Exchange* exchange = Self(user).Find(stream);
    if (exchange == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::string_view left = std::string_view(exchange->request.body).substr(exchange->body_sent);
    const std::size_t taken = std::min(left.size(), size);
    std::memcpy(buffer, left.data(), taken);
    exchange->body_sent += taken;
    exchange->answer.Touch();
    if (taken == left.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
  }
};

H2Session::H2Session(std::string user_agent, std::size_t max_header_bytes) : user_agent_(std::move(user_agent)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::OnFrame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::OnData);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &Callbacks::OnSent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, &Callbacks::OnNotSent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::OnClose);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(max_header_bytes)}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

// Deleting calls no callback.
H2Session::~H2Session() { nghttp2_session_del(session_); }

H2Exchange* H2Session::Find(std::int32_t stream) {
  const auto found = exchanges_.find(stream);
  return found == exchanges_.end() ? nullptr : found->second;
}

void H2Session::Finish(H2Exchange& exchange, H2Exchange::End end, std::uint32_t error_code) {
  exchanges_.erase(exchange.stream);
  exchange.end = end;
  exchange.error_code = error_code;
  exchange.waiter.Finish();
}

void H2Session::Stop(H2Exchange& exchange) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.stream, NGHTTP2_CANCEL);
  Finish(exchange, H2Exchange::End::Stopped, NGHTTP2_CANCEL);
}

// Answered before we were done: the rest is not wanted, and its window might never open.
void H2Session::StopUpload(H2Exchange& exchange) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.stream, NGHTTP2_NO_ERROR);
  Finish(exchange, H2Exchange::End::Complete, 0);
}

bool H2Session::Submit(H2Exchange& exchange) {
  if (closing_) return false;
  const FieldBlock block(exchange.request, exchange.url, user_agent_);
  nghttp2_data_provider body{};
  body.read_callback = &Callbacks::ReadBody;
  const bool has_body = HasBody(exchange.request) && !exchange.request.body.empty();
  const std::int32_t stream =
      nghttp2_submit_request(session_, nullptr, block.fields().data(), block.fields().size(), has_body ? &body : nullptr, nullptr);
  if (stream < 0) {
    closing_ = true;
    return false;
  }
  closing_ = stream >= kLastStream;
  exchange.stream = stream;
  exchanges_.emplace(stream, &exchange);
  return true;
}

void H2Session::Abandon(H2Exchange& exchange) {
  if (exchanges_.erase(exchange.stream) == 0) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.stream, NGHTTP2_CANCEL);
}

base::Result<void> H2Session::Receive(std::string_view bytes) {
  const ssize_t used = nghttp2_session_mem_recv(session_, Bytes(bytes), bytes.size());
  if (used >= 0 && nghttp2_session_want_read(session_) + nghttp2_session_want_write(session_) > 0) return {};
  closing_ = true;
  const std::string why =
      used < 0 ? std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(used)) : std::string("HTTP/2: the session ended");
  return base::MakeError(base::Reason::Unavailable, why);
}

void H2Session::TakeOutput(std::string& out, std::size_t most) {
  while (out.size() < most) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) return;
    out.append(View(data, static_cast<std::size_t>(size)));
    bytes_out_ += static_cast<std::uint64_t>(size);
  }
}

void H2Session::Ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

void H2Session::Lose() {
  closing_ = true;
  while (!exchanges_.empty()) {
    H2Exchange& exchange = *exchanges_.begin()->second;
    Finish(exchange, exchange.headers_sent ? H2Exchange::End::Lost : H2Exchange::End::Unprocessed, 0);
  }
}

std::size_t H2Session::peer_max_streams() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::string_view H2ErrorName(std::uint32_t code) { return nghttp2_http2_strerror(code); }

}  // namespace sluice::net
