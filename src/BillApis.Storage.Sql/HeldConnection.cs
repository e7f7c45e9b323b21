using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace BillApis.Storage.Sql;

/// <summary>The connection of a transaction that is still open, to read with what it has written; closing it leaves the transaction as it is.</summary>
internal sealed class HeldConnection(DbTransaction transaction) : DbConnection
{
    [AllowNull]
    public override string ConnectionString
    {
        get => Inner.ConnectionString;
        set => throw new NotSupportedException("The connection is open.");
    }

    public override string Database => Inner.Database;

    public override string DataSource => Inner.DataSource;

    public override string ServerVersion => Inner.ServerVersion;

    public override ConnectionState State => Inner.State;

    private DbConnection Inner => transaction.Connection!;

    /// <summary>The database's own connection.</summary>
    public static DbConnection Unwrap(DbConnection connection) => connection is HeldConnection held ? held.Inner : connection;

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException("The connection stays where it is.");

    public override void Close()
    {
    }

    public override void Open()
    {
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw new NotSupportedException("There is a transaction already.");

    protected override DbCommand CreateDbCommand()
    {
        var command = Inner.CreateCommand();
        command.Transaction = transaction;
        return command;
    }
}
