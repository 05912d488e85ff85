package io.github.internvl;

import io.github.internvl.ChatResponse.FinishReason;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;

/** Holds a stream's publisher to the rules of Reactive Streams: each test of its kit is one here. */
class PublisherTckTest {
    private static final int MOST_PIECES = 1000;

    /** What the kit does not check, what is for several subscribers at once, and what needs 2^31 pieces. */
    private static final List<String> LEFT_OUT = List.of(
            "untested_", "optional_spec111", "required_spec317_mustNotSignalOnErrorWhenPendingAboveLongMaxValue");

    @TestFactory
    Stream<DynamicTest> keepsTheRulesOfReactiveStreams() {
        return Arrays.stream(Streams.class.getMethods())
                .filter(method -> method.isAnnotationPresent(org.testng.annotations.Test.class))
                .filter(method -> LEFT_OUT.stream().noneMatch(method.getName()::startsWith))
                .sorted(Comparator.comparing(Method::getName))
                .map(rule -> DynamicTest.dynamicTest(rule.getName(), () -> check(rule)));
    }

    private static void check(Method rule) throws Throwable {
        Streams streams = new Streams();
        streams.setUp();
        try {
            rule.invoke(streams);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** Streams that an engine has fed and ended before anybody reads them. */
    private static final class Streams extends FlowPublisherVerification<String> {
        Streams() {
            super(new TestEnvironment(500, 100, 500));
        }

        @Override
        public Flow.Publisher<String> createFlowPublisher(long pieces) {
            ChatStream stream = new ChatStream();
            for (int i = 0; i < pieces; i++) {
                stream.piece("piece " + i);
            }
            stream.complete(response());
            return stream.publisher();
        }

        @Override
        public Flow.Publisher<String> createFailedFlowPublisher() {
            ChatStream read = new ChatStream();
            Iterator<String> unused = read.iterator();
            return read.publisher();
        }

        @Override
        public long maxElementsFromPublisher() {
            return MOST_PIECES;
        }

        private static ChatResponse response() {
            Duration none = Duration.ZERO;
            return new ChatResponse(
                    "all of it",
                    FinishReason.STOP,
                    new ChatResponse.Usage(1, 0, 0, 0, 0, 0, 0),
                    new ChatResponse.Timings(none, none, none, none, none),
                    List.of(),
                    List.of(),
                    List.of());
        }
    }
}
