package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Matrix.Row;
import java.util.Locale;
import java.util.StringJoiner;

/** The matrix as a Markdown table, and its place in a README: between two comments. */
final class MatrixTable {
    static final String BEGIN = "<!-- kill matrix: written by conformance/matrix.sh -->";
    static final String END = "<!-- end of the kill matrix -->";
    private static final int CELL_MAX = 70;

    private MatrixTable() {}

    /** The text with the section replaced. */
    static String into(String readme, Matrix matrix) {
        int begin = readme.indexOf(BEGIN);
        int end = readme.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalStateException("the README has no section between " + BEGIN + " and " + END);
        }
        return readme.substring(0, begin + BEGIN.length()) + "\n" + of(matrix) + readme.substring(end);
    }

    /** The section that a README holds. */
    static String section(String readme) {
        return readme.substring(readme.indexOf(BEGIN) + BEGIN.length(), readme.indexOf(END));
    }

    static String of(Matrix matrix) {
        StringBuilder text = new StringBuilder();
        StringJoiner head = new StringJoiner(" | ", "| ", " |\n").add("mutant").add("what is wrong");
        matrix.layers().forEach(head::add);
        text.append(head)
                .append("|-|-")
                .append("|-".repeat(matrix.layers().size()))
                .append("|\n");
        for (Row row : matrix.rows()) {
            StringJoiner line = new StringJoiner(" | ", "| ", " |\n");
            line.add(
                    row.mutant().isRule()
                            ? "**" + row.mutant().name() + "**"
                            : row.mutant().name());
            line.add(row.mutant().wrong());
            matrix.layers().forEach(layer -> line.add(cell(row, layer)));
            text.append(line);
        }
        text.append('\n');
        matrix.beyond().forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    static String cell(Row row, String layer) {
        Finding finding = row.findings().get(layer);
        if (finding == null) {
            return "?";
        }
        return switch (finding.verdict()) {
            case NONE -> "";
            case MISSED -> "passes";
            case BROKEN -> "broken: " + escape(finding.by());
            case CAUGHT -> escape(finding.by()) + " (" + seconds(finding.millis()) + ")";
        };
    }

    static String seconds(long millis) {
        return String.format(Locale.ROOT, millis < 10_000 ? "%.1f s" : "%.0f s", millis / 1000.0);
    }

    private static String escape(String text) {
        String shown = text.length() <= CELL_MAX ? text : text.substring(0, CELL_MAX - 3) + "...";
        return shown.replace("|", "\\|").replace("<", "&lt;").replace("`", "'");
    }
}
