package io.github.internvl.hub;

import java.util.Optional;
import java.util.regex.Pattern;

/** Name of a repository on the hub, such as {@code OpenGVLab/InternVL2_5-1B}. */
record RepoId(String owner, String name) {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?");
    private static final Pattern REVISION =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._+@-]*(?:/[A-Za-z0-9_][A-Za-z0-9._+@-]*)*");

    /** The id that a text is, if it is one. */
    static Optional<RepoId> parse(String text) {
        String[] parts = text.split("/", -1);
        boolean valid = parts.length == 2
                && PART.matcher(parts[0]).matches()
                && PART.matcher(parts[1]).matches()
                && !text.contains("--")
                && !text.contains("..")
                && !text.endsWith(".git");
        return valid ? Optional.of(new RepoId(parts[0], parts[1])) : Optional.empty();
    }

    /** Returns a branch, tag or commit unchanged after a check: it becomes part of a path in the cache. */
    static String checkRevision(String revision) {
        if (revision.length() > 200 || !REVISION.matcher(revision).matches() || revision.contains("..")) {
            throw new IllegalArgumentException(
                    "revision must be a branch, a tag or a commit, such as main: \"" + revision + "\"");
        }
        return revision;
    }

    /** Name of the repository's folder in the cache. */
    String folder() {
        return "models--" + owner + "--" + name;
    }

    @Override
    public String toString() {
        return owner + "/" + name;
    }
}
