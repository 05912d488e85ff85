package io.github.internvl.examples;

import io.github.internvl.ChatStream;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;

/** Streaming output to a subscriber, such as reactive libraries have. */
public final class StreamingPublisher {
    private StreamingPublisher() {}

    public static void main(String[] args) throws InterruptedException {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Printer printer = new Printer(new CountDownLatch(1));
            Image photo = Image.open(inputs.picture(0));
            // tag::streaming-publisher[]
            ChatStream stream = model.stream("<image>\nPlease describe the image in detail.", photo);
            stream.publisher().subscribe(printer);
            // end::streaming-publisher[]
            printer.done().await();
        }
    }

    private record Printer(CountDownLatch done) implements Flow.Subscriber<String> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(String piece) {
            System.out.print(piece);
        }

        @Override
        public void onError(Throwable failure) {
            System.out.println(failure.getMessage());
            done.countDown();
        }

        @Override
        public void onComplete() {
            System.out.println();
            done.countDown();
        }
    }
}
