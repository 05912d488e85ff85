package io.github.internvl;

import io.github.internvl.internal.chat.EndedAnswer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
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

    /** Tests that the kit leaves empty, that want several subscribers at once, or that need 2^31 pieces. */
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
            return new ChatStream(EndedAnswer.of(pieces)).publisher();
        }

        @Override
        public Flow.Publisher<String> createFailedFlowPublisher() {
            ChatStream read = new ChatStream(EndedAnswer.of(0));
            Iterator<String> unused = read.iterator();
            return read.publisher();
        }

        @Override
        public long maxElementsFromPublisher() {
            return MOST_PIECES;
        }
    }
}
