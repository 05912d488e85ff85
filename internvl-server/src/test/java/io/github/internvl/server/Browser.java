package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.demo.DemoModel;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A headless Chromium, driven through its DevTools protocol. Each page has cookies and storage of its own, so that tests share one
 * browser. Used by one thread.
 */
final class Browser implements AutoCloseable {
    private static final String LISTENING = "DevTools listening on ";

    private final Process process;
    private final Path profile;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonObject>> replies = new ConcurrentHashMap<>();
    private final Map<String, Page> pages = new ConcurrentHashMap<>();
    private int sent;

    /** The program, where one is installed. */
    static Optional<Path> program() {
        return Stream.of("chromium", "chromium-browser", "google-chrome")
                .flatMap(name -> Arrays.stream(
                                System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                        .map(folder -> Path.of(folder).resolve(name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    Browser(Path program) throws IOException {
        profile = Files.createTempDirectory("internvl-browser");
        ProcessBuilder builder = new ProcessBuilder(
                        program.toString(),
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile,
                        "about:blank")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("TMPDIR", profile.toString());
        process = builder.start();
        BufferedReader errors = process.errorReader(StandardCharsets.UTF_8);
        String line = errors.readLine();
        while (line != null && !line.startsWith(LISTENING)) {
            line = errors.readLine();
        }
        if (line == null) {
            throw new IllegalStateException(program + " ended before it listened");
        }
        Thread drain = new Thread(() -> errors.lines().forEach(unused -> {}), "browser-errors");
        drain.setDaemon(true);
        drain.start();
        socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create(line.substring(LISTENING.length())), new Receiver())
                .join();
    }

    /** Opens a page that shares nothing with others. The caller closes it. */
    Page page() {
        String context =
                call("", "Target.createBrowserContext").get("browserContextId").getAsString();
        String target = call("", "Target.createTarget", "url", "about:blank", "browserContextId", context)
                .get("targetId")
                .getAsString();
        String session = call("", "Target.attachToTarget", "targetId", target, "flatten", true)
                .get("sessionId")
                .getAsString();
        Page page = new Page(context, session);
        pages.put(session, page);
        for (String domain : List.of("Page", "Runtime", "Network", "DOM", "Log")) {
            page.call(domain + ".enable");
        }
        return page;
    }

    /** A page of the browser. */
    final class Page implements AutoCloseable {
        private final String context;
        private final String session;
        private final List<String> requested = new CopyOnWriteArrayList<>();
        private final List<String> complaints = new CopyOnWriteArrayList<>();

        private Page(String context, String session) {
            this.context = context;
            this.session = session;
        }

        /** Every address that the page has asked for. */
        List<String> requested() {
            return requested;
        }

        /** Complaints of the page: exceptions, and loads that its policy forbids. */
        List<String> complaints() {
            return complaints;
        }

        /** Opens the chat page, until it knows its model. */
        void open(URI uri) {
            open(uri, true);
        }

        void open(URI uri, boolean named) {
            value("window.left = true");
            call("Page.navigate", "url", uri.toString());
            await("!window.left && document.readyState === 'complete'"
                    + (named ? " && document.querySelector('#model').textContent" : ""));
        }

        void size(int width, int height, boolean phone) {
            call(
                    "Emulation.setDeviceMetricsOverride",
                    "width",
                    width,
                    "height",
                    height,
                    "deviceScaleFactor",
                    1,
                    "mobile",
                    phone);
        }

        /** The value of an expression. */
        JsonElement value(String expression) {
            JsonObject reply =
                    call("Runtime.evaluate", "expression", expression, "returnByValue", true, "awaitPromise", true);
            if (reply.has("exceptionDetails")) {
                throw new AssertionError(expression + ": " + reply.get("exceptionDetails"));
            }
            JsonElement value = reply.getAsJsonObject("result").get("value");
            return value == null ? new JsonObject() : value;
        }

        /** The value of a call of a module of the page, which it names {@code module}. */
        JsonElement module(String name, String call) {
            return value("import('./page/" + name + "').then((module) => " + call + ")");
        }

        String text(String selector) {
            return value("document.querySelector('" + selector + "').innerText").getAsString();
        }

        void click(String selector) {
            value("document.querySelector('" + selector + "').click()");
        }

        /** Waits until an expression is true. */
        void await(String expression) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!value("Boolean(" + expression + ")").getAsBoolean()) {
                if (System.nanoTime() > end) {
                    throw new AssertionError(
                            "never: " + expression + "; the page: " + value("document.body.innerText") + complaints);
                }
                try {
                    Thread.sleep(20);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }

        /** Types into what has the focus. */
        void type(String text) {
            call("Input.insertText", "text", text);
        }

        void press(String key, int code) {
            String text = key.equals("Enter") ? "\r" : "";
            call("Input.dispatchKeyEvent", "type", "keyDown", "key", key, "text", text, "windowsVirtualKeyCode", code);
            call("Input.dispatchKeyEvent", "type", "keyUp", "key", key, "windowsVirtualKeyCode", code);
        }

        /** Asks a question as a person does. */
        void ask(String question) {
            value("document.querySelector('#question').focus()");
            type(question);
            press("Enter", 13);
        }

        /** A drop or a paste of a sample, as a browser tells of it. */
        void drop(String event, String field, String sample) throws IOException {
            String type = sample.endsWith(".mp4") ? "video/mp4" : "image/png";
            drop(event, field, sample, type, Files.readAllBytes(DemoModel.sample(sample)));
        }

        /** The same of any file. */
        void drop(String event, String field, String name, String type, byte[] content) {
            value("(() => { const bytes = Uint8Array.from(atob('"
                    + Base64.getEncoder().encodeToString(content)
                    + "'), c => c.charCodeAt(0)); const files = new DataTransfer(); files.items.add(new File([bytes], '"
                    + name + "', {type: '" + type + "'})); const event = new "
                    + (event.equals("paste") ? "ClipboardEvent" : "DragEvent") + "('" + event
                    + "', {bubbles: true, cancelable: true, " + field
                    + ": files}); document.body.dispatchEvent(event); })()");
        }

        /** Chooses a file in an input for files. */
        void choose(String selector, Path file) {
            int root = call("DOM.getDocument")
                    .getAsJsonObject("root")
                    .get("nodeId")
                    .getAsInt();
            int node = call("DOM.querySelector", "nodeId", root, "selector", selector)
                    .get("nodeId")
                    .getAsInt();
            JsonArray files = new JsonArray();
            files.add(file.toAbsolutePath().toString());
            call("DOM.setFileInputFiles", "nodeId", node, "files", files);
        }

        /** Keeps a picture of the page in the folder that the property internvl.screenshots names, if any. */
        void screenshot(String name) throws IOException {
            String folder = System.getProperty("internvl.screenshots", "");
            if (!folder.isEmpty()) {
                String data = call("Page.captureScreenshot", "format", "png")
                        .get("data")
                        .getAsString();
                Files.write(
                        Files.createDirectories(Path.of(folder)).resolve(name + ".png"),
                        Base64.getDecoder().decode(data));
            }
        }

        private JsonObject call(String method, Object... parameters) {
            return Browser.this.call(session, method, parameters);
        }

        private void receive(String event, JsonObject params) {
            switch (event) {
                case "Network.requestWillBeSent" ->
                    requested.add(params.getAsJsonObject("request").get("url").getAsString());
                case "Runtime.exceptionThrown", "Log.entryAdded" -> complaints.add(params.toString());
                default -> {}
            }
        }

        @Override
        public void close() {
            Browser.this.call("", "Target.disposeBrowserContext", "browserContextId", context);
            pages.remove(session);
        }
    }

    private JsonObject call(String to, String method, Object... parameters) {
        JsonObject values = new JsonObject();
        for (int i = 0; i < parameters.length; i += 2) {
            String name = (String) parameters[i];
            Object value = parameters[i + 1];
            if (value instanceof JsonElement json) {
                values.add(name, json);
            } else if (value instanceof Number number) {
                values.addProperty(name, number);
            } else if (value instanceof Boolean flag) {
                values.addProperty(name, flag);
            } else {
                values.addProperty(name, value.toString());
            }
        }
        JsonObject command = new JsonObject();
        command.addProperty("id", ++sent);
        command.addProperty("method", method);
        command.add("params", values);
        if (!to.isEmpty()) {
            command.addProperty("sessionId", to);
        }
        CompletableFuture<JsonObject> reply = new CompletableFuture<>();
        replies.put(sent, reply);
        socket.sendText(command.toString(), true).join();
        JsonObject answer = reply.orTimeout(60, TimeUnit.SECONDS).join();
        if (answer.has("error")) {
            throw new AssertionError(method + ": " + answer.get("error"));
        }
        return answer.getAsJsonObject("result");
    }

    @Override
    public void close() throws IOException {
        socket.abort();
        List<ProcessHandle> parts = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        parts.forEach(ProcessHandle::destroyForcibly);
        parts.forEach(part -> part.onExit().orTimeout(20, TimeUnit.SECONDS).join());
        try (Stream<Path> files = Files.walk(profile)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }

    /** Receives replies and events. */
    private final class Receiver implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                receive(Demo.json(message.toString()));
                message.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedStage(null);
        }

        private void receive(JsonObject received) {
            if (received.has("id")) {
                CompletableFuture<JsonObject> reply =
                        replies.remove(received.get("id").getAsInt());
                if (reply != null) {
                    reply.complete(received);
                }
                return;
            }
            Page page = received.has("sessionId")
                    ? pages.get(received.get("sessionId").getAsString())
                    : null;
            if (page != null) {
                page.receive(received.get("method").getAsString(), received.getAsJsonObject("params"));
            }
        }
    }
}
