using BillApis.Conformance;

namespace BillApis.Storage.Tests.Ledger;

public sealed class SqliteLedgerTests(SqliteFixture fixture) : LedgerConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteLedgerStepsTests(SqliteFixture fixture) : LedgerStepsConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteLedgerModelTests(SqliteFixture fixture) : LedgerModelConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteBalanceTests(SqliteFixture fixture) : BalanceTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresLedgerTests(PostgresFixture fixture) : LedgerConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresLedgerStepsTests(PostgresFixture fixture) : LedgerStepsConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresLedgerModelTests(PostgresFixture fixture) : LedgerModelConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresBalanceTests(PostgresFixture fixture) : BalanceTests(fixture), IClassFixture<PostgresFixture>;

public sealed class SqlitePostingTests(SqliteFixture fixture) : PostingTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresPostingTests(PostgresFixture fixture) : PostingTests(fixture), IClassFixture<PostgresFixture>;
