// Streams cut into single texts, however the network cuts them first.
#include "kube/json_frames.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::kube {
namespace {

struct Cut {
  std::vector<std::string> frames;
  std::string rest, error;
  bool complete = false;
};

/// Feeds `text` in pieces of `step` bytes.
template <class Frames>
Cut Feed(std::string_view text, std::size_t step, std::size_t max) {
  Cut cut;
  const FrameSink sink = [&](std::string_view frame) {
    cut.frames.emplace_back(frame);
    return base::Result<void>();
  };
  Frames frames(max, sink);
  for (std::size_t at = 0; at < text.size() && cut.error.empty(); at += step) {
    auto fed = frames.Feed(text.substr(at, step));
    if (!fed) cut.error = fed.error().message;
  }
  if constexpr (std::is_same_v<Frames, ListFrames>) {
    cut.rest = frames.rest();
    cut.complete = frames.complete();
  } else {
    cut.complete = !frames.pending();
  }
  return cut;
}

struct ListRow {
  std::string_view rule, text;
  std::vector<std::string> items;
  std::string_view rest;
  bool complete;
};

const ListRow kLists[] = {
    {"items between other members",
     R"({"kind":"L","items":[{"a":1},{"b":[2,{"c":"}"}]}],"metadata":{"continue":"x"}})",
     {R"({"a":1})", R"({"b":[2,{"c":"}"}]})"},
     R"({"kind":"L","items":[],"metadata":{"continue":"x"}})",
     true},
    {"no items", R"({"items":[]})", {}, R"({"items":[]})", true},
    {"null items", R"({"items":null,"metadata":{}})", {}, R"({"items":null,"metadata":{}})", true},
    {"white space", " {\n \"items\" : [ {\"a\":1} , {\"a\":2} ] }\n", {R"({"a":1})", R"({"a":2})"}, "{\n \"items\" : [] }", true},
    {"quotes and brackets in strings",
     R"({"x":"\"items\":[{","items":[{"s":"\\\"]}{"}]})",
     {R"({"s":"\\\"]}{"})"},
     R"({"x":"\"items\":[{","items":[]})",
     true},
    {"an inner member of that name is not the list",
     R"({"metadata":{"items":[{"no":1}]},"items":[{"yes":1}]})",
     {R"({"yes":1})"},
     R"({"metadata":{"items":[{"no":1}]},"items":[]})",
     true},
    {"another array", R"({"other":[{"no":1}],"items":[{"yes":1}]})", {R"({"yes":1})"}, R"({"other":[{"no":1}],"items":[]})", true},
    {"cut short", R"({"items":[{"a":1},{"b")", {R"({"a":1})"}, R"({"items":[)", false},
    {"cut between items", R"({"items":[{"a":1})", {R"({"a":1})"}, R"({"items":[)", false},
};

TEST(ListFramesTest, AnyCutGivesTheSame) {
  for (const ListRow& row : kLists) {
    for (std::size_t step = 1; step <= row.text.size(); ++step) {
      const Cut cut = Feed<ListFrames>(row.text, step, 1000);
      EXPECT_EQ(cut.error, "") << row.rule << ", step " << step;
      EXPECT_EQ(cut.frames, row.items) << row.rule << ", step " << step;
      EXPECT_EQ(cut.rest, row.rest) << row.rule << ", step " << step;
      EXPECT_EQ(cut.complete, row.complete) << row.rule << ", step " << step;
    }
  }
}

TEST(ListFramesTest, Refusals) {
  constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"[]", "the API server's list is not a JSON object"},
      {"{} x", "the API server's list is not a JSON object"},
      {R"({"items":[1]})", "the API server's list is not a JSON object"},
      {R"({"items":[{"a":"0123456789012345678901234567890123456789"}]})", "a list item of more than 32 bytes from the API server"},
  };
  for (const auto& [text, want] : kTexts) {
    for (std::size_t step : {std::size_t{1}, std::size_t{7}, text.size()})
      EXPECT_EQ(Feed<ListFrames>(text, step, 32).error, want) << text << step;
  }
  const std::string deep = "{\"a\":" + std::string(600, '[');
  EXPECT_EQ(Feed<ListFrames>(deep, 100, 32).error, "the API server's list is not a JSON object");
  const std::string head = "{\"a\":\"" + std::string(2u << 20, 'x');
  EXPECT_EQ(Feed<ListFrames>(head, 4096, 32).error, "a list head of more than 1048576 bytes from the API server");
}

TEST(LineFramesTest, AnyCutGivesTheSame) {
  constexpr std::string_view kText = "{\"a\":1}\n\n  \r\n{\"b\":\"\\n\"}\n{\"c\":3}";
  for (std::size_t step = 1; step <= kText.size(); ++step) {
    const Cut cut = Feed<LineFrames>(kText, step, 100);
    EXPECT_EQ(cut.frames, (std::vector<std::string>{"{\"a\":1}", "{\"b\":\"\\n\"}"})) << step;
    EXPECT_FALSE(cut.complete) << step;
  }
}

TEST(LineFramesTest, LongLinesEndTheStream) {
  for (std::size_t step : {1, 10, 100}) {
    EXPECT_EQ(Feed<LineFrames>(std::string(33, 'x') + "\n", step, 32).error, "a watch event of more than 32 bytes from the API server")
        << step;
  }
}

}  // namespace
}  // namespace sluice::kube
