using BillApis.Conformance;

namespace BillApis.Storage.Tests.Metering;

public sealed class SqliteUsageStoreTests(SqliteFixture fixture) : UsageStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteUsageOrphanTests(SqliteFixture fixture) : UsageOrphanConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteUsageLateTests(SqliteFixture fixture) : UsageLateConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteUsageCorrectionTests(SqliteFixture fixture) : UsageCorrectionConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteUsageImportTests(SqliteFixture fixture) : UsageImportConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteUsageBackfillTests(SqliteFixture fixture) : UsageBackfillConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteUsageArchiveTests(SqliteFixture fixture) : UsageArchiveConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteUsageRebuildTests(SqliteFixture fixture) : UsageRebuildConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class SqliteUsageModelTests(SqliteFixture fixture) : UsageModelConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresUsageStoreTests(PostgresFixture fixture) : UsageStoreConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresUsageOrphanTests(PostgresFixture fixture) : UsageOrphanConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresUsageLateTests(PostgresFixture fixture) : UsageLateConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresUsageCorrectionTests(PostgresFixture fixture) : UsageCorrectionConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresUsageImportTests(PostgresFixture fixture) : UsageImportConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresUsageBackfillTests(PostgresFixture fixture) : UsageBackfillConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresUsageArchiveTests(PostgresFixture fixture) : UsageArchiveConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresUsageRebuildTests(PostgresFixture fixture) : UsageRebuildConformance(fixture), IClassFixture<PostgresFixture>;

public sealed class PostgresUsageModelTests(PostgresFixture fixture) : UsageModelConformance(fixture), IClassFixture<PostgresFixture>;
