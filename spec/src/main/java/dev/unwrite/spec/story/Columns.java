package dev.unwrite.spec.story;

import java.util.ArrayList;
import java.util.List;

/** Lays out texts side by side, each broken into lines that fit its column. */
final class Columns {
    private static final String INDENT = "     ";
    private static final String GAP = "  ";

    private final int width;

    /** {@code width}: characters of one column. */
    Columns(int width) {
        this.width = width;
    }

    /** The lines of a row; each cell is a list of short texts that each begin a new line. */
    List<String> row(List<List<String>> cells) {
        List<List<String>> broken = new ArrayList<>();
        int height = 0;
        for (List<String> cell : cells) {
            List<String> lines = new ArrayList<>();
            cell.forEach(text -> wrap(text, lines));
            broken.add(lines);
            height = Math.max(height, lines.size());
        }
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < height; i++) {
            StringBuilder row = new StringBuilder(INDENT);
            for (List<String> lines : broken) {
                String text = i < lines.size() ? lines.get(i) : "";
                row.append(text).repeat(" ", Math.max(0, width - text.length())).append(GAP);
            }
            rows.add(row.toString().stripTrailing());
        }
        return rows;
    }

    private void wrap(String text, List<String> lines) {
        String left = text;
        while (left.length() > width) {
            int cut = left.lastIndexOf(' ', width);
            int end = cut <= 2 ? width : cut;
            lines.add(left.substring(0, end));
            left = "  " + left.substring(end).strip();
        }
        lines.add(left);
    }
}
