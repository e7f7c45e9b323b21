using BillApis;
using BillApis.Postgres;
using BillApis.Storage.Sql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps billing data in PostgreSQL.</summary>
public static class PostgresBillingBuilderExtensions
{
    /// <summary>Keeps billing data in the PostgreSQL database of the connection string, 13 or later; any number of nodes may share it.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="connectionString">How the database is reached.</param>
    /// <param name="rowLevelSecurity">Whether migrating has the database itself keep tenants apart from then on, as a second net; its user must be the tables' owner and no superuser.</param>
    public static BillingBuilder UsePostgres(this BillingBuilder builder, string connectionString, bool rowLevelSecurity = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        builder.Services.AddSqlStores(_ => new PostgresDialect(connectionString, rowLevelSecurity));
        return builder;
    }
}
