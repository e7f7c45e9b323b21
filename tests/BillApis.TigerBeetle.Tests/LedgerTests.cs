using BillApis.Conformance;

namespace BillApis.TigerBeetle.Tests;

public sealed class ClusterLedgerTests(ClusterFixture fixture) : LedgerConformance(fixture), IClassFixture<ClusterFixture>;

public sealed class ClusterLedgerStepsTests(ClusterFixture fixture) : LedgerStepsConformance(fixture), IClassFixture<ClusterFixture>;

public sealed class ClusterLedgerModelTests(ClusterFixture fixture) : LedgerModelConformance(fixture), IClassFixture<ClusterFixture>;

public sealed class NativeLedgerTests(NativeFixture fixture) : LedgerConformance(fixture), IClassFixture<NativeFixture>;

public sealed class NativeLedgerStepsTests(NativeFixture fixture) : LedgerStepsConformance(fixture), IClassFixture<NativeFixture>;

public sealed class NativeLedgerModelTests(NativeFixture fixture) : LedgerModelConformance(fixture), IClassFixture<NativeFixture>;
