using BillApis.Conformance;

namespace BillApis.Storage.Tests;

public sealed class SqliteStoreTests(SqliteFixture fixture) : StoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresStoreTests(PostgresFixture fixture) : StoreConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class SqliteInvoiceStoreTests(SqliteFixture fixture) : InvoiceStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresInvoiceStoreTests(PostgresFixture fixture) : InvoiceStoreConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class SqliteSubscriptionStoreTests(SqliteFixture fixture) : SubscriptionStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresSubscriptionStoreTests(PostgresFixture fixture) : SubscriptionStoreConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class SqliteOutboxStoreTests(SqliteFixture fixture) : OutboxStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresOutboxStoreTests(PostgresFixture fixture) : OutboxStoreConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class SqliteInvoiceRunStoreTests(SqliteFixture fixture) : InvoiceRunStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresInvoiceRunStoreTests(PostgresFixture fixture) : InvoiceRunStoreConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class SqliteCreditStoreTests(SqliteFixture fixture) : CreditStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresCreditStoreTests(PostgresFixture fixture) : CreditStoreConformance(fixture), IClassFixture<PostgresFixture>;
