package io.github.internvl.hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The hub's REST interface for one repository. It checks every name that becomes part of a path. */
final class HubApi {
    static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    private static final int LONGEST_ANSWER = 32 << 20;
    private static final Pattern BYTES = Pattern.compile("\\d{1,18}");
    private static final Pattern DRIVE = Pattern.compile("(?:^|/)[A-Za-z]:");
    private static final Pattern QUOTED = Pattern.compile("(?:W/)?\"?([^\"]*)\"?");

    private final HubSettings settings;
    private final RepoId id;
    private final HubClient client;

    HubApi(HubSettings settings, RepoId id, HubClient client) {
        this.settings = settings;
        this.id = id;
        this.client = client;
    }

    /**
     * Files of a commit.
     *
     * @param commit the commit's hash
     * @param files the files by name; the value is null where the hub left out the size or the hash
     */
    record Listing(String commit, Map<String, @Nullable RemoteFile> files) {
        Set<String> names() {
            return files.keySet();
        }
    }

    /** Lists the files of a revision. */
    Listing list(String revision, RetryPolicy retries) throws InterruptedException {
        String thing = id + ", revision " + revision;
        URI uri = uri("/api/models/" + id + "/revision/" + encoded(revision) + "?blobs=true");
        String text = retries.attempt(() -> 0, () -> {
            try (HubResponse response = client.get(thing, uri, 0)) {
                return new String(response.all(LONGEST_ANSWER), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new TransientFailure(thing + ": the list of files broke off: " + e, e);
            }
        });
        try {
            return listing(JsonParser.parseString(text).getAsJsonObject());
        } catch (JsonParseException | IllegalStateException e) {
            DownloadException failure = malformed(thing, "not a list of files");
            failure.initCause(e);
            throw failure;
        }
    }

    private Listing listing(JsonObject answer) {
        String commit = text(answer, "sha");
        if (!COMMIT.matcher(commit).matches()) {
            throw malformed(id.toString(), "the commit must be 40 hexadecimal digits: \"" + commit + "\"");
        }
        Map<String, @Nullable RemoteFile> files = new LinkedHashMap<>();
        for (JsonElement sibling : siblings(answer)) {
            JsonObject entry = sibling.getAsJsonObject();
            String name = text(entry, "rfilename");
            if (leaves(name)) {
                throw malformed(id.toString(), "a file's name must not lead out of its repository: \"" + name + "\"");
            }
            files.put(name, described(name, entry));
        }
        return new Listing(commit, files);
    }

    private static JsonArray siblings(JsonObject answer) {
        if (answer.get("siblings") instanceof JsonArray siblings) {
            return siblings;
        }
        throw new JsonParseException("no array siblings");
    }

    private static @Nullable RemoteFile described(String name, JsonObject entry) {
        String hash = entry.get("lfs") instanceof JsonObject stored ? text(stored, "sha256") : text(entry, "blobId");
        return described(name, hash, text(entry, "size"));
    }

    private static @Nullable RemoteFile described(String name, String hash, String bytes) {
        return RemoteFile.HASH.matcher(hash).matches() && BYTES.matcher(bytes).matches()
                ? new RemoteFile(name, hash, Long.parseLong(bytes))
                : null;
    }

    /** A value as text; empty where there is none. */
    private static String text(JsonObject object, String name) {
        return object.get(name) instanceof JsonPrimitive value ? value.getAsString() : "";
    }

    /** Whether a name leads out of its folder, on this system or on another that reads the cache later. */
    private static boolean leaves(String name) {
        String path = name.replace('\\', '/');
        return path.isEmpty()
                || path.startsWith("/")
                || List.of(path.split("/", -1)).contains("..")
                || DRIVE.matcher(path).find();
    }

    /** Requests the size and the hash of a file, for a hub that lists only names. */
    RemoteFile describe(String commit, String name, RetryPolicy retries) throws InterruptedException {
        String thing = id + ": " + name;
        return retries.attempt(() -> 0, () -> {
            try (HubResponse response = client.head(thing, file(commit, name))) {
                String hash = QUOTED.matcher(response.header("X-Linked-Etag")
                                .or(() -> response.header("ETag"))
                                .orElse(""))
                        .replaceFirst("$1");
                String bytes = response.header("X-Linked-Size")
                        .or(() -> response.header("Content-Length"))
                        .orElse("");
                RemoteFile file = described(name, hash, bytes);
                if (file == null) {
                    throw malformed(
                            thing, "its hash and length must be told, but are \"" + hash + "\" and \"" + bytes + "\"");
                }
                return file;
            }
        });
    }

    /** The address of a file's content. */
    URI file(String commit, String name) {
        return uri("/" + id + "/resolve/" + commit + "/" + encoded(name));
    }

    private URI uri(String path) {
        return URI.create(settings.endpoint() + path);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private DownloadException malformed(String thing, String what) {
        return new DownloadException(thing + ": the hub's answer is malformed: " + what + "; check HF_ENDPOINT ("
                + settings.endpoint() + ") and the proxy if there is one");
    }
}
