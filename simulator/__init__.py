"""County Urbanization Simulator (县域城镇化情景模拟器): will a county reach its plan?

>>> from simulator import load_scenario, run
>>> result = run(load_scenario("scenarios/quxian.yaml"))
>>> result.trend.stocks.resident_urbanization_rate
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["Result", "ScenarioError", "__version__", "load_scenario", "run"]

from simulator.errors import ScenarioError
from simulator.run import Result, run
from simulator.scenario import load_scenario
