package io.github.internvl.examples.flink;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.spi.MediaException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.jspecify.annotations.Nullable;

// tag::flink-function[]
/** Asks about the picture of a file. The parallel instances in a task manager share one model, which the last of them closes. */
final class AskModel extends RichAsyncFunction<String, Tuple2<String, String>> {
    private static @Nullable InternVL shared;
    private static int users;

    private final String model;
    private final String question;
    private transient boolean opened; // not where the model could not be loaded

    AskModel(String model, String question) {
        this.model = model;
        this.question = question;
    }

    @Override
    public void open(OpenContext context) {
        synchronized (AskModel.class) {
            if (users == 0) {
                shared = InternVL.builder(model).maxConcurrent(8).load();
            }
            users++;
            opened = true;
        }
    }

    @Override
    public void asyncInvoke(String file, ResultFuture<Tuple2<String, String>> result) {
        ChatRequest request;
        try {
            request = ChatRequest.builder()
                    .text(question, Image.open(Path.of(file)))
                    .timeout(Duration.ofSeconds(50)) // before Flink's own, so that a late answer frees its slot
                    .build();
        } catch (MediaException | InvalidRequestException e) { // a bad picture does not end the job
            result.complete(List.of(Tuple2.of(file, "error: " + e.getMessage())));
            return;
        }
        CompletableFuture<ChatResponse> answer = Objects.requireNonNull(shared).chatAsync(request);
        CompletableFuture<ChatResponse> unused = answer.whenComplete((response, failure) -> {
            if (failure == null) {
                result.complete(List.of(Tuple2.of(file, response.text())));
            } else if (failure instanceof InvalidRequestException) { // nor does a refused one
                result.complete(List.of(Tuple2.of(file, "error: " + failure.getMessage())));
            } else {
                result.completeExceptionally(failure); // the job restarts from its last checkpoint
            }
        });
    }

    @Override
    public void close() {
        synchronized (AskModel.class) {
            if (opened && --users == 0) {
                Objects.requireNonNull(shared).close();
            }
            opened = false;
        }
    }
}
// end::flink-function[]
