using BillApis.Conformance;

namespace BillApis.Storage.Tests.Reservations;

public sealed class SqliteReservationStoreTests(SqliteFixture fixture) : ReservationStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresReservationStoreTests(PostgresFixture fixture) : ReservationStoreConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class SqliteSpendLimitStoreTests(SqliteFixture fixture) : SpendLimitStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresSpendLimitStoreTests(PostgresFixture fixture) : SpendLimitStoreConformance(fixture), IClassFixture<PostgresFixture>;
