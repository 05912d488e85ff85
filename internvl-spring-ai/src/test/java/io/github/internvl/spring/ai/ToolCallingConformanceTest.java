package io.github.internvl.spring.ai;

import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.test.chat.client.advisor.AbstractToolCallingAdvisorIT;

/** Spring AI's tests of the loop that calls tools, over the demo model with a script of what to call and what to say. */
@Timeout(120)
class ToolCallingConformanceTest extends AbstractToolCallingAdvisorIT {
    private static final InternVL MODEL = InternVL.load(DemoModel.path());

    private static final ChatModel CHAT = InternVLChatModel.builder(MODEL)
            .lastChange(new Script(
                    MODEL,
                    Map.of(
                            "in Celsius?", calls("San Francisco", "Tokyo", "Paris"),
                            "for each city.", calls("San Francisco", "Tokyo", "Paris"),
                            "like in Tokyo?", calls("Tokyo"),
                            "</tool_response>", "San Francisco has 30 degrees, Tokyo 10 and Paris 15.")))
            .build();

    @AfterAll
    static void close() {
        MODEL.close();
    }

    @Override
    protected ChatModel getChatModel() {
        return CHAT;
    }

    private static String calls(String... cities) {
        return List.of(cities).stream()
                .map(city -> "<tool_call>\n{\"name\": \"getCurrentWeather\", \"arguments\": {\"location\": \"" + city
                        + "\", \"lat\": 1.0, \"lon\": 2.0, \"unit\": \"C\"}}\n</tool_call>")
                .collect(Collectors.joining("\n"));
    }
}
