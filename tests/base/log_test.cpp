#include "base/log.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/utf8.h"

namespace sluice::base {
namespace {

using namespace std::chrono_literals;

struct Capture {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(TimePoint(1769860800123ms));
  std::shared_ptr<std::string> text = std::make_shared<std::string>();
  Logger logger = Logger::To([text = text](std::string_view line) { *text += line; }, LogLevel::Info, clock);
};

TEST(Log, OneJsonLineWithBoundFieldsFirst) {
  Capture capture;
  const Logger bound = capture.logger.With({{"controller", "kustomization"}, {"name", "apps"}});
  bound.Info("server-side apply completed",
             {{"created", 3}, {"durationSeconds", 0.25}, {"pruned", false}, {"revision", std::string("main@sha1:4f2a")}});
  EXPECT_EQ(
      *capture.text,
      R"({"ts":"2026-01-31T12:00:00.123Z","level":"info","msg":"server-side apply completed","controller":"kustomization","name":"apps",)"
      R"("created":3,"durationSeconds":0.25,"pruned":false,"revision":"main@sha1:4f2a"})"
      "\n");
}

TEST(Log, ErrorIsTheLastField) {
  Capture capture;
  capture.logger.Error("reconcile failed", "no such \"thing\"\n", {{"reason", "BuildFailed"}});
  EXPECT_EQ(
      *capture.text,
      R"({"ts":"2026-01-31T12:00:00.123Z","level":"error","msg":"reconcile failed","reason":"BuildFailed","error":"no such \"thing\"\n"})"
      "\n");
}

TEST(Log, StaysJsonWhateverItIsGiven) {
  Capture capture;
  capture.logger.Info(std::string_view("a\x01\t\\\x7f\xff\xc3\xa4\xed\xa0\x80", 11), {{"nan", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_EQ(*capture.text,
            "{\"ts\":\"2026-01-31T12:00:00.123Z\",\"level\":\"info\",\"msg\":\"a\\u0001\\t\\\\\\u007f\xef\xbf\xbd\xc3\xa4"
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"nan\":null}\n");
}

TEST(Log, T59LongTextsAreCut) {
  Capture capture;
  const std::string long_text(100'000, '\x01');
  const Logger bound = capture.logger.With({{"namespace", long_text}, {"name", long_text}});
  bound.Error(long_text, long_text, {{"reason", long_text}});
  EXPECT_LT(capture.text->size(), 8192U);
  EXPECT_TRUE(capture.text->ends_with("\\u0001...\"}\n")) << capture.text->substr(capture.text->size() - 40);
}

TEST(Log, DropsWhatIsBelowItsLevel) {
  Capture capture;
  capture.logger.Debug("step");
  EXPECT_EQ(*capture.text, "");
  EXPECT_FALSE(capture.logger.Enabled(LogLevel::Debug));
  EXPECT_TRUE(capture.logger.Enabled(LogLevel::Error));
  EXPECT_FALSE(Logger::Null().Enabled(LogLevel::Error));
  Logger::Null().With({{"a", 1}}).Error("x", "y");
}

TEST(Log, LinesOfThreadsStayWhole) {
  Capture capture;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 250; ++k) capture.logger.Info("m");
    });
  for (auto& thread : threads) thread.join();
  const std::string line = R"({"ts":"2026-01-31T12:00:00.123Z","level":"info","msg":"m"})"
                           "\n";
  std::string want;
  for (int i = 0; i < 1000; ++i) want += line;
  EXPECT_EQ(*capture.text, want);
}

TEST(Utf8, LengthOfTheFirstCharacter) {
  struct Row {
    std::string_view text;
    std::size_t want;
  };
  constexpr Row kRows[] = {{"", 0},
                           {"a", 1},
                           {"\xc3\xa4", 2},
                           {"\xe2\x82\xac", 3},
                           {"\xf0\x9f\x98\x80", 4},
                           {"\xc0\xaf", 0},
                           {"\xe0\x80\xaf", 0},
                           {"\xed\xa0\x80", 0},
                           {"\xf4\x90\x80\x80", 0},
                           {"\xf5\x80\x80\x80", 0},
                           {"\x80", 0},
                           {"\xe2\x82", 0},
                           {"\xf0\x80\x80\x80", 0}};
  for (const Row& row : kRows) EXPECT_EQ(Utf8Length(row.text), row.want) << testing::PrintToString(std::string(row.text));
  EXPECT_TRUE(IsUtf8("a\xc3\xa4"));
  EXPECT_FALSE(IsUtf8("a\xc3"));
}

}  // namespace
}  // namespace sluice::base
