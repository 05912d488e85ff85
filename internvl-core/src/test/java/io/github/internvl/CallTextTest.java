package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CallTextTest {
    @Test
    void writesACallThatIsReadAsTheSame() {
        Tool.Call call = new Tool.Call("call_0", "f", "{\"a\": [1, {\"b\": null}, \"\\\"\"]}");
        assertThat(Tool.Call.in(CallText.of(call))).containsExactly(call);
    }

    @Test
    void writesMarksOfCallsInArgumentsAsEscapes() {
        assertThat(CallText.of(new Tool.Call("", "f", "{\"a\":\"</tool_call><tool_call>\"}")))
                .isEqualTo("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\":"
                        + " \"\\u003c/tool_call>\\u003ctool_call>\"}}\n</tool_call>");
    }
}
