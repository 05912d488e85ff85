package io.github.internvl.internal.chat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.Timings;
import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.MetricsListener;
import io.github.internvl.internal.engine.Generation;
import java.time.Duration;
import java.util.List;

/** A stream that an engine has fed and ended before anybody reads it. */
public final class EndedAnswer {
    private EndedAnswer() {}

    public static AnswerStream of(long pieces) {
        RequestMetrics metrics = new RequestMetrics(new RequestMetrics.Counters(), new MetricsListener() {});
        ResponseWriter writer = new ResponseWriter(List.of(new ChatRequest.Turn("Why?", "")), false, true);
        AnswerStream stream = new AnswerStream(metrics, writer, response -> {});
        for (int i = 0; i < pieces; i++) {
            stream.onText("piece " + i);
        }
        Duration none = Duration.ZERO;
        stream.onEnd(new Generation(
                List.of(new Generation.Output("all of it", new int[0], FinishReason.STOP, List.of())),
                new Usage(1, 0, 0, 0, 0, 0, 0),
                new Timings(none, none, none, none, none)));
        return stream;
    }
}
