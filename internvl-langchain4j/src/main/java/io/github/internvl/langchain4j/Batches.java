package io.github.internvl.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.batch.BatchError;
import dev.langchain4j.model.batch.BatchItemResult;
import dev.langchain4j.model.batch.BatchPage;
import dev.langchain4j.model.batch.BatchPagination;
import dev.langchain4j.model.batch.BatchRequest;
import dev.langchain4j.model.batch.BatchResponse;
import dev.langchain4j.model.batch.BatchState;
import dev.langchain4j.model.chat.BatchChatModel;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.internvl.QueueFullException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The batches of a chat model, answered by as many threads as it has slots. A batch has its results once all of its requests have ended;
 * one that fails leaves the others alone, and one that the full queue rejects is asked again, without reading it again. Batches are kept
 * as long as this object. Thread-safe.
 */
final class Batches implements BatchChatModel {
    private static final int IDLE_SECONDS = 10;
    private static final int RETRY_MILLIS = 50;

    private final ChatModel model;
    private final ExecutorService threads;
    private final TreeMap<Integer, List<Future<ChatResponse>>> batches = new TreeMap<>(); // guarded by this
    private int submitted;

    Batches(Binding shared) {
        this.model = new Patient(shared);
        int concurrent = shared.model().maxConcurrent();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                concurrent, concurrent, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                    Thread thread = new Thread(work, "internvl-langchain4j-batch");
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        this.threads = pool;
    }

    @Override
    public synchronized BatchResponse<ChatResponse> submit(BatchRequest<ChatRequest> request) {
        List<Future<ChatResponse>> items = new ArrayList<>();
        request.requests().forEach(each -> items.add(threads.submit(() -> model.chat(each))));
        batches.put(++submitted, items);
        return response(submitted, items);
    }

    /** The chat model of a request in a batch: where others fill the queue, it asks again until there is room. */
    private record Patient(Binding shared) implements ChatModel {
        @Override
        public ChatResponse doChat(ChatRequest request) {
            return Failures.translated(() -> {
                io.github.internvl.ChatRequest read = shared.requests().read(request);
                while (true) {
                    try {
                        return shared.answer(read);
                    } catch (QueueFullException e) { // others fill the queue; a batch has time
                        pause();
                    }
                }
            });
        }

        private static void pause() {
            try {
                Thread.sleep(RETRY_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("the batch was cancelled while a request waited for the queue", e);
            }
        }

        @Override
        public ChatRequestParameters defaultRequestParameters() {
            return shared.defaults();
        }

        @Override
        public List<ChatModelListener> listeners() {
            return shared.listeners();
        }

        @Override
        public Set<Capability> supportedCapabilities() {
            return Binding.CAPABILITIES;
        }
    }

    @Override
    public synchronized BatchResponse<ChatResponse> retrieve(String batchId) {
        int number = number(batchId);
        return response(number, batch(number));
    }

    @Override
    public synchronized void cancel(String batchId) {
        batch(number(batchId)).forEach(item -> item.cancel(true));
    }

    @Override
    public synchronized BatchPage<ChatResponse> list(@Nullable BatchPagination pagination) {
        Integer size = pagination == null ? null : pagination.pageSize();
        String token = pagination == null ? null : pagination.pageToken();
        if (size != null && size < 1) {
            throw new InvalidRequestException(
                    "pageSize must be at least 1: " + size + "; leave it out for all batches");
        }
        Map<Integer, List<Future<ChatResponse>>> rest = batches.tailMap(token == null ? 0 : number(token));
        int most = size == null ? rest.size() : size;
        List<BatchResponse<ChatResponse>> page = rest.entrySet().stream()
                .limit(most)
                .map(entry -> response(entry.getKey(), entry.getValue()))
                .toList();
        Integer next = rest.keySet().stream().skip(most).findFirst().orElse(null);
        return new BatchPage<>(page, next == null ? null : id(next));
    }

    private static String id(int number) {
        return "batch_" + number;
    }

    private static int number(String id) {
        try {
            return Integer.parseInt(id.replaceFirst("batch_", ""));
        } catch (NumberFormatException e) {
            throw new InvalidRequestException("a batch must be named by an id that submit gave: " + id, e);
        }
    }

    private List<Future<ChatResponse>> batch(int number) {
        List<Future<ChatResponse>> items = batches.get(number);
        if (items == null) {
            throw new InvalidRequestException("a batch must be one that was submitted here: " + id(number));
        }
        return items;
    }

    private static BatchResponse<ChatResponse> response(int number, List<Future<ChatResponse>> items) {
        BatchState state = state(items);
        return BatchResponse.<ChatResponse>builder()
                .batchId(id(number))
                .state(state)
                .results(
                        state.isTerminal() ? items.stream().map(Batches::result).toList() : List.of())
                .build();
    }

    private static BatchState state(List<Future<ChatResponse>> items) {
        if (!items.stream().allMatch(Future::isDone)) {
            return BatchState.RUNNING;
        }
        if (items.stream().anyMatch(Future::isCancelled)) {
            return BatchState.CANCELLED;
        }
        boolean failed = !items.isEmpty()
                && items.stream().noneMatch(item -> result(item).isSuccess());
        return failed ? BatchState.FAILED : BatchState.SUCCEEDED;
    }

    /** The result of a request that has ended. */
    private static BatchItemResult<ChatResponse> result(Future<ChatResponse> item) {
        try {
            return BatchItemResult.success(item.get());
        } catch (CancellationException e) {
            return BatchItemResult.failure(new BatchError(499, "the batch was cancelled before this answer", null));
        } catch (ExecutionException e) {
            Throwable failure = e.getCause() == null ? e : e.getCause();
            return BatchItemResult.failure(new BatchError(code(failure), String.valueOf(failure.getMessage()), null));
        } catch (InterruptedException e) {
            throw new IllegalStateException("an ended request is not waited for", e);
        }
    }

    /** The status that a server has for a failure. */
    private static int code(Throwable failure) {
        if (failure instanceof InvalidRequestException || failure instanceof UnsupportedFeatureException) {
            return 400;
        }
        return failure instanceof TimeoutException ? 408 : 500;
    }
}
