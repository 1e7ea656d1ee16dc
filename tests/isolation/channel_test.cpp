#include "isolation/channel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace sluice::isolation {
namespace {

using base::Reason;
using base::Result;
using Steady = std::chrono::steady_clock;

struct Ends {
  explicit Ends(std::size_t max_bytes = 1000) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return;
    channel = std::make_unique<Channel>(pair[0], max_bytes);
    raw = pair[1];
  }
  ~Ends() { HangUp(); }
  void Write(std::string_view bytes) const { EXPECT_EQ(write(raw, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size())); }
  void HangUp() {
    if (raw >= 0) close(std::exchange(raw, -1));
  }
  std::unique_ptr<Channel> channel;
  int raw = -1;  ///< the other end
};

std::string Words(const Result<Frame>& frame) {
  if (frame) return std::to_string(frame->type) + " " + frame->bytes;
  return std::string(ToString(frame.error().reason)) + ": " + frame.error().message;
}

TEST(Channel, FramesComeAsTheyWereSent) {
  Ends ends;
  ends.Write(std::string_view("\x03\0\0\0\x07", 5));
  ends.Write("abc");
  ends.Write(std::string_view("\0\0\0\0\x08\x01\0\0\0\x09x", 11));  // two at once
  EXPECT_EQ(Words(ends.channel->Receive()), "7 abc");
  EXPECT_EQ(Words(ends.channel->Receive()), "8 ");
  EXPECT_EQ(Words(ends.channel->Receive()), "9 x");
  ASSERT_TRUE(ends.channel->Send(5, {"one", "", "two"}));
  char sent[16] = {};
  EXPECT_EQ(read(ends.raw, sent, sizeof sent), 11);
  EXPECT_EQ(std::string_view(sent, 11), std::string_view("\x06\0\0\0\x05onetwo", 11));
  EXPECT_EQ(ends.channel->moved(), 8u + 5u + 6u + 11u);
}

TEST(Channel, TheLimitIsOfEitherDirection) {
  Ends ends(10);
  EXPECT_EQ(ends.channel->Send(1, {"12345", "67890", "1"}).error().message, "a frame of 11 bytes is over the limit of 10");
  EXPECT_TRUE(ends.channel->Send(1, {"12345", "67890"}));
  ends.Write(std::string_view("\x0b\0\0\0\1", 5));
  EXPECT_EQ(Words(ends.channel->Receive()), "TooLarge: a frame of 11 bytes is over the limit of 10");
}

TEST(Channel, APeerThatGoesIsNoticed) {
  Ends ends;
  ends.Write(std::string_view("\x03\0\0\0\1ab", 7));
  ends.HangUp();
  EXPECT_EQ(Words(ends.channel->Receive()), "Unavailable: the other process is gone");
  EXPECT_EQ(ends.channel->Send(1, {"x"}).error().reason, Reason::Unavailable);
}

// A peer that keeps sending a little does not stretch the deadline.
TEST(Channel, TheDeadlineIsOfAllWaits) {
  Ends ends;
  ends.Write(std::string_view("\x64\0\0\0\1", 5));
  std::jthread slow([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ends.Write("x");
    }
  });
  const auto begin = Steady::now();
  ends.channel->SetDeadline(begin + std::chrono::milliseconds(200));
  EXPECT_EQ(Words(ends.channel->Receive()), "Timeout: the other process took too long");
  EXPECT_LT(Steady::now() - begin, std::chrono::milliseconds(1500));
}

TEST(Channel, APeerThatTakesNothingMeetsTheDeadline) {
  Ends ends(64u << 20);
  ends.channel->SetDeadline(Steady::now() + std::chrono::milliseconds(100));
  EXPECT_EQ(ends.channel->Send(1, {std::string(8u << 20, 'x')}).error().reason, Reason::Timeout);
}

TEST(Channel, WhoWaitsCanBeToldToStop) {
  Ends ends;
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ends.channel->Abort();
  });
  EXPECT_EQ(Words(ends.channel->Receive()), "Unavailable: the other process is gone");
}

// What is announced takes no memory before it comes.
TEST(Channel, MemoryGrowsWithWhatCame) {
  Ends ends(std::size_t{1} << 31);
  ends.Write(std::string_view("\0\0\0\x7f\1", 5));
  ends.HangUp();
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  EXPECT_EQ(Words(ends.channel->Receive()), "Unavailable: the other process is gone");
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 << 10) << "KiB";
}

}  // namespace
}  // namespace sluice::isolation
