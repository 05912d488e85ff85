package io.github.internvl.server.openai;

import io.github.internvl.ChatResponse;
import io.github.internvl.Tool;
import io.github.internvl.server.http.EventStream;
import io.github.internvl.server.openai.ChatWire.Chunk;
import io.github.internvl.server.openai.ChatWire.Delta;
import io.github.internvl.server.openai.ChatWire.LastPiece;
import io.github.internvl.server.openai.ChatWire.Piece;
import io.github.internvl.server.openai.ChatWire.Timings;
import io.github.internvl.server.openai.ChatWire.Usage;
import io.github.internvl.server.openai.ChatWire.UsageChunk;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A chat's answers as a stream of chunks. Log probabilities and tool calls come at an answer's end. Used by one thread. */
final class ChatStreamWriter implements ChatRunner.StreamWriter {
    private final ChatWriter chat;
    private final boolean usage;
    private final List<ToolCallBuffer> texts;

    ChatStreamWriter(ChatWriter chat, int answers, boolean usage) {
        this.chat = chat;
        this.usage = usage;
        this.texts = Stream.generate(() -> new ToolCallBuffer(chat.tools()))
                .limit(answers)
                .toList();
    }

    @Override
    public void start(EventStream out) {
        for (int index = 0; index < texts.size(); index++) {
            out.data(chunk(new Piece(index, new Delta("assistant", "", null, null), null, null)));
        }
    }

    @Override
    public void text(EventStream out, int index, String text) {
        write(out, index, texts.get(index).add(text));
    }

    private void write(EventStream out, int index, String text) {
        if (!text.isEmpty()) {
            out.data(chunk(new Piece(index, new Delta(null, text, null, null), null, null)));
        }
    }

    @Override
    public void thinking(EventStream out, int index, String text) {
        out.data(chunk(new Piece(index, new Delta(null, null, text, null), null, null)));
    }

    @Override
    public void endAnswer(EventStream out, int index, ChatResponse answer) {
        List<Tool.Call> calls = chat.calls(answer);
        if (calls.isEmpty()) {
            write(out, index, texts.get(index).rest());
        } else {
            out.data(chunk(new Piece(index, new Delta(null, null, null, chat.wire(calls, true)), null, null)));
        }
        out.data(chunk(new LastPiece(
                index,
                new Delta(null, null, null, null),
                chat.logprobs(answer),
                chat.finishReason(answer),
                ChatWriter.stopReason(answer),
                ChatWriter.boxes(answer))));
    }

    @Override
    public void end(EventStream out, List<ChatResponse> answers) {
        if (usage) {
            Timings timings = answers.size() == 1 ? ChatWriter.timings(answers.get(0)) : null;
            out.data(usageChunk(List.of(), ChatWriter.usage(answers), timings));
        }
    }

    private Object chunk(Object choice) {
        return usage
                ? usageChunk(List.of(choice), null, null)
                : new Chunk(
                        "chatcmpl-" + chat.id(),
                        "chat.completion.chunk",
                        chat.created(),
                        chat.model(),
                        List.of(choice));
    }

    private UsageChunk usageChunk(List<?> choices, @Nullable Usage told, @Nullable Timings timings) {
        return new UsageChunk(
                "chatcmpl-" + chat.id(), "chat.completion.chunk", chat.created(), chat.model(), choices, told, timings);
    }
}
