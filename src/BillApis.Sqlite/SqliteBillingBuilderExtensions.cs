using BillApis;
using BillApis.Sqlite;
using BillApis.Storage.Sql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps billing data in SQLite.</summary>
public static class SqliteBillingBuilderExtensions
{
    /// <summary>Keeps billing data in the SQLite file of the connection string, for example <c>Data Source=billing.db</c>; the file is made where it is missing.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="connectionString">The file, and what else Microsoft.Data.Sqlite knows.</param>
    /// <param name="durability">Whether an answer waits for the disk.</param>
    public static BillingBuilder UseSqlite(this BillingBuilder builder, string connectionString, SqliteDurability durability = SqliteDurability.Full)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        builder.Services.AddSqlStores(_ => new SqliteDialect(connectionString, durability));
        return builder;
    }
}
