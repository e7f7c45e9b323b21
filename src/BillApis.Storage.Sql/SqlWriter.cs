using System.Data.Common;

namespace BillApis.Storage.Sql;

/// <summary>A connection to write with, until it is given back.</summary>
internal sealed class SqlWriter(DbConnection connection, Func<ValueTask> giveBack) : IAsyncDisposable
{
    public DbConnection Connection { get; } = connection;

    public ValueTask DisposeAsync() => giveBack();
}
