package io.github.internvl.langchain4j;

import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import io.github.internvl.InternVLException;
import io.github.internvl.QueueFullException;
import io.github.internvl.RequestBudget;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.web.RemoteMediaException;
import java.util.function.Supplier;

/** The exceptions of LangChain4j for those of the model; the model's own is the cause. */
final class Failures {
    private Failures() {}

    /** The result of some work, whose exceptions are translated. */
    static <T> T translated(Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException e) {
            throw translated(e);
        }
    }

    /** LangChain4j's exception for one of ours; any other stays as it is. */
    static RuntimeException translated(RuntimeException failure) {
        if (failure instanceof RequestBudget.ExceededException exceeded
                && exceeded.work().isEmpty()) {
            return new TimeoutException(failure);
        }
        if (failure instanceof io.github.internvl.InvalidRequestException
                || failure instanceof MediaException
                || failure instanceof RemoteMediaException) {
            return new InvalidRequestException(failure);
        }
        if (failure instanceof QueueFullException) {
            return new RateLimitException(failure);
        }
        if (failure instanceof InternVLException) {
            return failure.getCause() instanceof java.util.concurrent.TimeoutException
                    ? new TimeoutException(failure)
                    : new InternalServerException(failure);
        }
        return failure;
    }
}
