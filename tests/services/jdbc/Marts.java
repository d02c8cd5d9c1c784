// Reads the marts as a BI tool does, through ClickHouse's JDBC driver: metadata first, then queries. Prints one JSON object a line.
//   java -cp 'lib/*' Marts.java jdbc:ch:http://127.0.0.1:8123/marts true questions   (login in CLICKHOUSE_USER, CLICKHOUSE_PASSWORD)
// true: answers are compressed; questions: a file of more queries, with a NUL between.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.Properties;

public class Marts {
    public static void main(String[] arguments) throws Exception {
        Properties login = new Properties();
        login.setProperty("user", System.getenv("CLICKHOUSE_USER"));
        login.setProperty("password", System.getenv("CLICKHOUSE_PASSWORD"));
        login.setProperty("compress", arguments[1]);
        try (Connection connection = DriverManager.getConnection(arguments[0], login)) {
            metadata(connection.getMetaData());
            queries(connection);
            questions(connection, Path.of(arguments[2]));
            refused(connection);
        }
    }

    static void metadata(DatabaseMetaData data) throws SQLException {
        tell("product", data.getDatabaseProductName(), data.getDatabaseProductVersion());
        try (ResultSet schemas = data.getSchemas()) {
            while (schemas.next()) {
                tell("schema", schemas.getString("TABLE_SCHEM"));
            }
        }
        try (ResultSet tables = data.getTables(null, "marts", "v_%", new String[] {"VIEW", "TABLE"})) {
            while (tables.next()) {
                tell("table", tables.getString("TABLE_NAME"), tables.getString("TABLE_TYPE"));
            }
        }
        try (ResultSet columns = data.getColumns(null, "marts", "v_platform_daily", "%")) {
            while (columns.next()) {
                tell("column", columns.getString("COLUMN_NAME"), columns.getString("TYPE_NAME"),
                        Integer.toString(columns.getInt("DATA_TYPE")));
            }
        }
        try (ResultSet keys = data.getPrimaryKeys(null, "marts", "v_platform_daily")) {
            tell("keys", Boolean.toString(keys.next()));
        }
    }

    static void queries(Connection connection) throws SQLException {
        String all = "SELECT day, dau, posts, interactions_per_post FROM marts.v_platform_daily ORDER BY day";
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(all)) {
            while (rows.next()) {
                String share = rows.getObject("interactions_per_post") == null ? "null" : Double.toString(rows.getDouble(4));
                tell("day", rows.getDate("day").toString(), Long.toString(rows.getLong("dau")),
                        Long.toString(rows.getLong(3)), share);
            }
        }
        String some = "SELECT count(), sum(views) FROM marts.v_platform_daily WHERE day >= ? AND day < ? AND dau > ?";
        try (PreparedStatement statement = connection.prepareStatement(some)) {
            statement.setObject(1, LocalDate.of(2026, 1, 3));
            statement.setObject(2, LocalDate.of(2026, 1, 6));
            statement.setLong(3, 0);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                tell("window", Long.toString(rows.getLong(1)), Long.toString(rows.getLong(2)));
            }
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT concat('<', ?, '>')")) {
            statement.setString(1, "it's \\ \u00fc\n");
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                tell("text", rows.getString(1));
            }
        }
        // more than one of the protocol's compressed frames
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT number, repeat('x', 100) FROM numbers(200000)")) {
            long count = 0;
            while (rows.next()) {
                count += rows.getString(2).length() / 100;
            }
            tell("many", Long.toString(count));
        }
    }

    // Of each query: how many rows it gives, and its columns; every value is read.
    static void questions(Connection connection, Path file) throws IOException, SQLException {
        for (String sql : Files.readString(file).split("\0")) {
            try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
                ResultSetMetaData columns = rows.getMetaData();
                String[] said = new String[columns.getColumnCount() + 1];
                for (int i = 1; i < said.length; i++) {
                    said[i] = columns.getColumnLabel(i);
                }
                long count = 0;
                while (rows.next()) {
                    count++;
                    for (int i = 1; i < said.length; i++) {
                        rows.getObject(i);
                    }
                }
                said[0] = Long.toString(count);
                tell("question", said);
            }
        }
    }

    static void refused(Connection connection) throws SQLException {
        for (String sql : new String[] {"SELECT nothing FROM marts.v_platform_daily",
                "INSERT INTO marts.platform_daily (day) VALUES ('2026-01-01')", "DROP VIEW marts.v_platform_daily"}) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(sql);
                tell("refused", "not refused");
            } catch (SQLException error) {
                tell("refused", Integer.toString(error.getErrorCode()), error.getMessage().split("\n")[0]);
            }
        }
    }

    static void tell(String what, String... values) {
        StringBuilder line = new StringBuilder("{\"what\": " + quoted(what) + ", \"values\": [");
        for (int i = 0; i < values.length; i++) {
            line.append(i > 0 ? ", " : "").append(quoted(values[i]));
        }
        System.out.println(line.append("]}"));
    }

    static String quoted(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            out.append(c == '"' || c == '\\' ? "\\" + c : c < 32 ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        }
        return out.append('"').toString();
    }
}
