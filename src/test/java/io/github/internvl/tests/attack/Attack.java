package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thing tried against a server.
 *
 * @param group what kind of attack it is
 * @param name what is sent, in words
 * @param setup the server that it is for
 * @param heavy whether it takes seconds, much memory or many connections, and is left out of short runs
 * @param post the request, where the attack is one that any server can be sent; else null
 * @param trial sends it, and throws an {@link AssertionError} unless what must hold does
 */
record Attack(
        String group,
        String name,
        Setup setup,
        boolean heavy,
        @Nullable Post post,
        Trial trial) {
    /** A request with a body of JSON, which is made when it is sent. */
    record Post(String path, Supplier<byte[]> body) {}

    /** The attack itself, and the checks after it. */
    interface Trial {
        void on(Victim victim) throws Exception;
    }

    /** An attack by bytes on a connection: the first status must be one of these, 0 for a close without an answer. */
    static Attack bytes(String group, String name, Supplier<byte[]> request, Integer... statuses) {
        return new Attack(group, name, Setup.PLAIN, false, null, victim -> {
            Victim.Raw raw = victim.raw(request.get(), 1);
            List<Integer> found = raw.statuses();
            int first = found.isEmpty() ? (raw.closed() ? 0 : -1) : found.get(0);
            assertThat(first).as("first status of %s", found).isIn(Arrays.asList((Object[]) statuses));
        });
    }

    /** An attack by a body of JSON: the answer must be well formed, below 500 unless it says when to come again. */
    static Attack body(String group, String name, String path, Supplier<String> body) {
        Post post = new Post(path, () -> body.get().getBytes(StandardCharsets.UTF_8));
        return new Attack(group, name, Setup.PLAIN, false, post, victim -> {
            Answer answer = victim.post(path, post.body().get());
            assertThat(answer.flaw()).as("%s", answer.shown()).isNull();
        });
    }

    /** The same, with the statuses that are right. */
    static Attack body(String group, String name, String path, Supplier<String> body, Integer... statuses) {
        Attack any = body(group, name, path, body);
        return any.doing(victim -> {
            Answer answer = victim.post(path, body.get());
            assertThat(answer.flaw()).as("%s", answer.shown()).isNull();
            assertThat(answer.status()).as("%s", answer.shown()).isIn(Arrays.asList((Object[]) statuses));
        });
    }

    /** An attack that is told as a program. */
    static Attack trial(String group, String name, Setup setup, Trial trial) {
        return new Attack(group, name, setup, false, null, trial);
    }

    /** The same attack, left out of short runs. */
    Attack slow() {
        return new Attack(group, name, setup, true, post, trial);
    }

    /** The same attack on another server. */
    Attack on(Setup other) {
        return new Attack(group, name, other, heavy, post, trial);
    }

    private Attack doing(Trial other) {
        return new Attack(group, name, setup, heavy, post, other);
    }
}
