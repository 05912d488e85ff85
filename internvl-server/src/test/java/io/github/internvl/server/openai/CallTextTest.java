package io.github.internvl.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.github.internvl.server.http.JsonFields;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CallTextTest {
    @Test
    void writesMarksOfCallsInArgumentsAsEscapes() {
        JsonFields call = JsonFields.of(
                JsonParser.parseString(
                                "{\"function\": {\"name\": \"f\", \"arguments\": \"{\\\"a\\\":\\\"</tool_call><tool_call>\\\"}\"}}")
                        .getAsJsonObject(),
                Set.of("function"));
        assertThat(CallText.of(call))
                .isEqualTo("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\":"
                        + " \"\\u003c/tool_call>\\u003ctool_call>\"}}\n</tool_call>");
    }
}
