//! DataFusion, embedded: one runtime, one memory pool that spills, one set of session settings.
//!
//! Only this module and `lake` know sessions; models are SQL texts to everything else. Knows nothing of tables.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::config::EngineSettings;
use crate::disk;

/// How many models, checks or readings are run at the same time. Two keep two cores busy where one has parts that cannot
/// be divided; each more would need its own share of the memory pool.
const SIDE_BY_SIDE: usize = 2;

/// A statement needed more memory than the pool had left. One that is run beside others may have enough alone.
#[derive(Debug, thiserror::Error)]
#[error("the engine's memory pool is too small; raise [engine] memory_mib")]
pub struct Exhausted;

/// The engine of one run.
pub struct Engine {
    runtime: Arc<tokio::runtime::Runtime>,
    environment: Arc<RuntimeEnv>,
    config: SessionConfig,
}

impl Engine {
    /// Starts the engine; what does not fit in its memory pool goes to files below `spill`.
    pub fn start(settings: &EngineSettings, spill: &Path) -> anyhow::Result<Engine> {
        disk::create_folder(spill)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let partitions = settings.target_partitions.unwrap_or(cores);
        let memory = settings.memory_mib << 20;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(cores)
            .enable_all()
            .build()
            .map(Arc::new)
            .context("starting the engine's threads")?;
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
            .with_temp_file_path(spill)
            .build_arc()
            .map_err(|error| reduce(&error))?;
        let mut config = SessionConfig::new().with_target_partitions(partitions).with_information_schema(false);
        let options = config.options_mut();
        options.execution.skip_partial_aggregation_probe_ratio_threshold =
            settings.skip_partial_aggregation_probe_ratio_threshold;
        options.execution.parquet.pushdown_filters = true;
        // What a sort may hold back for merging; the default of 10 MB a partition would fill a small pool.
        options.execution.sort_spill_reservation_bytes = memory / (16 * partitions.max(1));
        Ok(Engine { runtime, environment, config })
    }

    /// A fresh session: no table is known in it.
    pub fn session(&self) -> SessionContext {
        SessionContext::new_with_config_rt(self.config.clone(), self.environment.clone())
    }

    /// A session for one large sort: in one partition, so that what is held back for merging is held once, and in
    /// small batches, since a merge holds some of each spilled file. Memory then stays flat however long the input is.
    pub fn sorting_session(&self) -> SessionContext {
        let config = self.config.clone().with_target_partitions(1).with_batch_size(2048);
        SessionContext::new_with_config_rt(config, self.environment.clone())
    }

    /// Runs a future to its end.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// The same engine for one of several statements that are run at the same time: the same threads and the same memory,
    /// with its share of the partitions. Beside it, how many may be run so. Where one ends [`Exhausted`], it must be run again
    /// alone, with the engine itself: the pool is made for one statement.
    pub fn divided(&self) -> (Engine, usize) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = SIDE_BY_SIDE.min(self.partitions()).min(cores);
        let config = self.config.clone().with_target_partitions(self.partitions() / at_once);
        let (runtime, environment) = (self.runtime.clone(), self.environment.clone());
        (Engine { runtime, environment, config }, at_once)
    }

    /// How many partitions a query is spread over.
    pub fn partitions(&self) -> usize {
        self.config.target_partitions()
    }
}

/// What may be logged of an engine's error: its kind and its first line. Errors met while rows flow can quote rows,
/// so of these only the kind is kept; planning errors speak of names alone.
pub fn reduce(error: &DataFusionError) -> anyhow::Error {
    let root = error.find_root();
    if let Some(cause) = disk::cause(root) {
        return anyhow::Error::new(cause).context("reading a lake file or spilling to the working folder failed");
    }
    match root {
        DataFusionError::SQL(_, _) | DataFusionError::Plan(_) | DataFusionError::SchemaError(_, _) => {
            anyhow::anyhow!("{}", first_line(&root.strip_backtrace()))
        }
        DataFusionError::NotImplemented(what) => anyhow::anyhow!("the engine cannot do this: {}", first_line(what)),
        DataFusionError::ResourcesExhausted(_) => anyhow::Error::new(Exhausted),
        DataFusionError::ArrowError(cause, _) => {
            anyhow::anyhow!("a value could not be computed ({})", arrow_kind(cause))
        }
        DataFusionError::ParquetError(_) => anyhow::anyhow!("a Parquet file is not readable"),
        _ => anyhow::anyhow!("the engine failed while computing"),
    }
}

fn arrow_kind(error: &arrow::error::ArrowError) -> &'static str {
    use arrow::error::ArrowError;
    match error {
        ArrowError::DivideByZero => "division by zero",
        ArrowError::ArithmeticOverflow(_) => "overflow",
        ArrowError::CastError(_) => "a cast that does not fit",
        ArrowError::ComputeError(_) => "a computation",
        _ => "an operation",
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").to_owned()
}
