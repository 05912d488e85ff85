package io.github.internvl.spark;

import io.github.internvl.InternVL;
import io.github.internvl.MetricsListener;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.spark.TaskKilledException;
import org.jspecify.annotations.Nullable;

/**
 * The models of a JVM, one for each {@link ModelSettings}, shared by the tasks and counted. A thread of its own loads a model, so that the
 * end of one task does not fail the others, which wait too. A model that no task uses stays for the next stage; it is closed when another
 * one is loaded, and at the end. Thread-safe.
 */
final class SharedModels {
    private static final SharedModels JVM = new SharedModels();

    private final Map<ModelSettings, Shared> models = new LinkedHashMap<>(); // guarded by this
    private final List<MetricsListener.Stats> past = new ArrayList<>(); // guarded by this
    private boolean hooked;
    private long loads;

    private static final class Shared {
        private final ModelSettings settings;
        private final FutureTask<InternVL> loading;
        private int users; // guarded by the owner
        private @Nullable InternVL model; // guarded by this, as the next one
        private boolean closed;

        Shared(ModelSettings settings, Runnable before) {
            this.settings = settings;
            this.loading = new FutureTask<>(() -> {
                before.run();
                return load();
            });
        }

        /** Loads the model; one that was closed meanwhile is closed at once. */
        private InternVL load() {
            InternVL loaded = settings.load();
            synchronized (this) {
                model = loaded;
                if (!closed) {
                    return loaded;
                }
            }
            loaded.close();
            throw new IllegalStateException(
                    "the model was closed while it was loaded: " + settings.model() + "; the next task loads it again");
        }

        synchronized @Nullable InternVL model() {
            return model;
        }

        /** Closes the model, now or as soon as it is loaded; null where it is not loaded yet. */
        @Nullable
        InternVL close() {
            InternVL loaded;
            synchronized (this) {
                closed = true;
                loaded = model;
            }
            if (loaded != null) {
                loaded.close();
            }
            return loaded;
        }
    }

    SharedModels() {}

    /** The models of this JVM. */
    static SharedModels jvm() {
        return JVM;
    }

    /** A share of a model, loaded first where it is not there; the caller closes the share. */
    Lease lease(ModelSettings settings) {
        List<Shared> idle = new ArrayList<>();
        Shared shared;
        synchronized (this) {
            Shared known = models.get(settings);
            if (known == null) {
                models.values().stream().filter(other -> other.users == 0).forEach(idle::add);
                models.values().removeAll(idle);
                known = new Shared(settings, () -> idle.forEach(this::end));
                models.put(settings, known);
                loads++;
                closeAtExit();
                Thread thread = new Thread(known.loading, "internvl-spark-load"); // no task's: Spark interrupts those
                thread.setDaemon(true);
                thread.start();
            }
            shared = known;
            shared.users++;
        }
        try {
            return new Lease(shared, shared.loading.get());
        } catch (ExecutionException e) {
            forget(shared);
            throw e.getCause() instanceof RuntimeException failure
                    ? failure
                    : new IllegalStateException("the model cannot be loaded: " + settings.model(), e.getCause());
        } catch (InterruptedException e) {
            release(shared);
            Thread.currentThread().interrupt();
            throw new TaskKilledException("killed while the model was loaded");
        }
    }

    /** libtorch must not compute while the process ends. */
    private void closeAtExit() {
        if (!hooked) {
            hooked = true;
            Runtime.getRuntime().addShutdownHook(new Thread(this::close, "internvl-spark-exit"));
        }
    }

    private synchronized void release(Shared shared) {
        shared.users--;
    }

    /** Takes a model out of the map; false if it is out already. */
    private synchronized boolean forget(Shared shared) {
        return models.remove(shared.settings, shared);
    }

    /** Closes a model that is out of the map, and keeps its counts. */
    private void end(Shared shared) {
        InternVL model = shared.close();
        if (model != null) {
            synchronized (this) {
                past.add(model.stats());
            }
        }
    }

    /** Closes all models; tasks that use one fail. */
    void close() {
        List<Shared> all;
        synchronized (this) {
            all = List.copyOf(models.values());
            models.clear();
        }
        all.forEach(this::end);
    }

    /** The models loaded so far, those closed since included. */
    synchronized long loads() {
        return loads;
    }

    /** The models that are loaded now, for metrics. */
    synchronized List<InternVL> loaded() {
        List<InternVL> loaded = new ArrayList<>();
        for (Shared shared : models.values()) {
            InternVL model = shared.model();
            if (model != null) {
                loaded.add(model);
            }
        }
        return loaded;
    }

    /** The last counts of the models that were closed, for metrics. */
    synchronized List<MetricsListener.Stats> past() {
        return List.copyOf(past);
    }

    /** A task's share of a model. */
    final class Lease implements AutoCloseable {
        private final Shared shared;
        private final InternVL model;
        private boolean closed; // guarded by the models

        Lease(Shared shared, InternVL model) {
            this.shared = shared;
            this.model = model;
        }

        InternVL model() {
            return model;
        }

        /** The tasks that use the model now, this one included. */
        int users() {
            synchronized (SharedModels.this) {
                return Math.max(1, shared.users);
            }
        }

        /** Whether the model answers no more: its engine ended, or another task closed it. */
        boolean isLost() {
            MetricsListener.Stats stats = model.stats();
            return stats.failure().isPresent() || model.isClosed();
        }

        /** Closes a model that answers no more, so that the next task loads it again. */
        void abandon() {
            if (forget(shared)) {
                end(shared);
            }
        }

        @Override
        public void close() {
            synchronized (SharedModels.this) {
                if (!closed) {
                    closed = true;
                    release(shared);
                }
            }
        }
    }
}
