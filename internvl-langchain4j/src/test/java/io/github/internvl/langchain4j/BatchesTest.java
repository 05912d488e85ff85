package io.github.internvl.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.batch.BatchError;
import dev.langchain4j.model.batch.BatchPage;
import dev.langchain4j.model.batch.BatchPagination;
import dev.langchain4j.model.batch.BatchRequest;
import dev.langchain4j.model.batch.BatchResponse;
import dev.langchain4j.model.batch.BatchState;
import dev.langchain4j.model.chat.BatchChatModel;
import dev.langchain4j.model.chat.listener.ChatModelErrorContext;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.listener.ChatModelRequestContext;
import dev.langchain4j.model.chat.listener.ChatModelResponseContext;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.InternVL;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class BatchesTest {
    private final InternVLChatModel chat =
            InternVLChatModel.builder(Subject.DEMO).build();

    private static ChatRequest asking(String text) {
        return ChatRequest.builder().messages(UserMessage.from(text)).build();
    }

    private static BatchResponse<ChatResponse> ended(BatchChatModel batches, String id) throws InterruptedException {
        BatchResponse<ChatResponse> batch = batches.retrieve(id);
        while (!batch.state().isTerminal()) {
            assertThat(batch.state()).isEqualTo(BatchState.RUNNING);
            TimeUnit.MILLISECONDS.sleep(5);
            batch = batches.retrieve(id);
        }
        return batch;
    }

    @Test
    void answersEachRequestAndLeavesFailuresAlone() throws InterruptedException {
        BatchChatModel batches = chat.batch();
        List<ChatRequest> requests = List.of(asking("Hi"), asking("long ".repeat(5000)), asking("Who are you?"));
        BatchResponse<ChatResponse> batch =
                ended(batches, batches.submit(new BatchRequest<>(requests)).batchId());
        assertThat(batch.state()).isEqualTo(BatchState.SUCCEEDED);
        assertThat(batch.responses())
                .extracting(ChatResponse::aiMessage)
                .containsExactly(
                        chat.chat(requests.get(0)).aiMessage(),
                        chat.chat(requests.get(2)).aiMessage());
        assertThat(batch.results().get(1).isSuccess()).isFalse();
        assertThat(batch.errors()).extracting(BatchError::code).containsExactly(400);
    }

    @Test
    void endsABatchThatIsCancelled() throws InterruptedException {
        BatchChatModel batches = InternVLChatModelTest.endless(Subject.DEMO).batch();
        String id = batches.submit(new BatchRequest<>(List.of(asking("a"), asking("b"), asking("c"))))
                .batchId();
        assertThat(batches.retrieve(id).state()).isEqualTo(BatchState.RUNNING);
        batches.cancel(id);
        BatchResponse<ChatResponse> batch = ended(batches, id);
        assertThat(batch.state()).isEqualTo(BatchState.CANCELLED);
        assertThat(batch.errors()).extracting(BatchError::code).containsExactly(499, 499, 499);
    }

    @Test
    void listsBatchesPageByPage() {
        BatchChatModel batches = chat.batch();
        List<String> ids = List.of("a", "b", "c").stream()
                .map(text -> batches.submit(new BatchRequest<>(List.of(asking(text))))
                        .batchId())
                .toList();
        BatchPage<ChatResponse> first = batches.list(new BatchPagination(2, null));
        BatchPage<ChatResponse> second = batches.list(new BatchPagination(2, first.nextPageToken()));
        assertThat(first.batches()).extracting(BatchResponse::batchId).isEqualTo(ids.subList(0, 2));
        assertThat(second.batches()).extracting(BatchResponse::batchId).isEqualTo(ids.subList(2, 3));
        assertThat(second.nextPageToken()).isNull();
        assertThat(batches.list(null).batches()).hasSize(3);
        for (int size : new int[] {0, -1}) {
            assertThatThrownBy(() -> batches.list(new BatchPagination(size, null)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("pageSize must be at least 1");
        }
        assertThatThrownBy(() -> batches.retrieve("batch_9")).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> batches.cancel("no batch")).isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void failsABatchAllOfWhoseRequestsFail() throws InterruptedException {
        BatchChatModel batches = chat.batch();
        String id = batches.submit(new BatchRequest<>(List.of(asking("long ".repeat(5000)))))
                .batchId();
        assertThat(ended(batches, id).state()).isEqualTo(BatchState.FAILED);
    }

    @Test
    void readsARequestOnceWhileTheQueueIsFull() throws InterruptedException {
        List<String> events = new CopyOnWriteArrayList<>();
        ChatModelListener listener = new ChatModelListener() {
            @Override
            public void onRequest(ChatModelRequestContext context) {
                events.add("request");
            }

            @Override
            public void onResponse(ChatModelResponseContext context) {
                events.add("response");
            }

            @Override
            public void onError(ChatModelErrorContext context) {
                events.add("error");
            }
        };
        AtomicInteger tries = new AtomicInteger();
        try (InternVL busy =
                InternVLChatModelTest.demo().maxConcurrent(1).maxWaiting(1).load()) {
            ChatStream running = busy.stream(InternVLChatModelTest.endlessRequest());
            assertThat(running.iterator().hasNext()).isTrue();
            ChatStream waiting = busy.stream(InternVLChatModelTest.endlessRequest());
            BatchChatModel batches = InternVLChatModel.builder(busy)
                    .listeners(List.of(listener))
                    .lastChange(request -> {
                        tries.incrementAndGet();
                        return request;
                    })
                    .build()
                    .batch();
            String id =
                    batches.submit(new BatchRequest<>(List.of(asking("Hi")))).batchId();
            while (tries.get() < 3) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            waiting.close();
            running.close();
            assertThat(ended(batches, id).state()).isEqualTo(BatchState.SUCCEEDED);
        }
        assertThat(events).containsExactly("request", "response");
    }
}
